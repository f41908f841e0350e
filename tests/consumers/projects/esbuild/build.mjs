import { rmSync } from 'node:fs';

import { build } from 'esbuild';

const common = { bundle: true, minify: true, platform: 'node', target: 'node20', logLevel: 'warning' };
await build({
  ...common,
  entryPoints: ['import.test.mjs'],
  format: 'esm',
  outfile: 'bundle/import.test.mjs',
  // For packages of axios that call `require()`.
  banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
});
await build({ ...common, entryPoints: ['require.test.cjs'], format: 'cjs', outfile: 'bundle/require.test.cjs' });
// A bundle needs no package.
rmSync('node_modules', { recursive: true });
