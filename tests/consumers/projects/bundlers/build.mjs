import { rmSync } from 'node:fs';

for (const bundler of ['esbuild', 'rollup', 'webpack']) {
  const { build } = await import(`./${bundler}.mjs`);
  await build(`bundles/${bundler}`);
}
// A bundle needs no package.
rmSync('node_modules', { recursive: true });
