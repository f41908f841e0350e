import { resolve } from 'node:path';
import { promisify } from 'node:util';

import webpack from 'webpack';

export async function build(folder) {
  // The other bundlers minify; with webpack that takes most of the time.
  const common = { target: 'node20', mode: 'production', optimization: { minimize: false } };
  const stats = await promisify(webpack)([
    {
      ...common,
      entry: './import.test.mjs',
      experiments: { outputModule: true },
      output: { path: resolve(folder), filename: 'import.test.mjs', library: { type: 'module' } },
    },
    {
      ...common,
      entry: './require.test.cjs',
      output: { path: resolve(folder), filename: 'require.test.cjs' },
    },
  ]);
  if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString('errors-warnings'));
}
