import esbuild from 'esbuild';

export async function build(folder) {
  const common = { bundle: true, minify: true, platform: 'node', target: 'node20', logLevel: 'warning' };
  await esbuild.build({
    ...common,
    entryPoints: ['import.test.mjs'],
    format: 'esm',
    outfile: `${folder}/import.test.mjs`,
    // For packages of axios that call `require()`.
    banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
  });
  await esbuild.build({
    ...common,
    entryPoints: ['require.test.cjs'],
    format: 'cjs',
    outfile: `${folder}/require.test.cjs`,
  });
}
