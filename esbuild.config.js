// Bundles the entries of the package, their shared parts into chunks of their own; dependencies stay outside.
// node esbuild.config.js [folder]: dist, unless it is said
import { rmSync } from 'node:fs';

import { build } from 'esbuild';

const folder = process.argv[2] ?? 'dist';
const common = { bundle: true, platform: 'node', target: 'node20', packages: 'external' };

rmSync(folder, { recursive: true, force: true });
await build({
  ...common,
  entryPoints: [
    'src/index.ts',
    'src/adapters/axios.ts',
    'src/adapters/fetch.ts',
    'src/adapters/undici.ts',
    'src/stores/redis.ts',
    'src/cli/verbs/*.ts',
    'src/cli/report-error.ts',
    'src/cli/settings/settings.ts',
  ],
  outbase: 'src',
  outdir: folder,
  format: 'esm',
  splitting: true,
  sourcemap: true,
});
// The command is CommonJS: Node starts that sooner. It loads the one verb that it needs.
await build({
  ...common,
  entryPoints: ['src/cli/main.ts'],
  outfile: `${folder}/cli/main.cjs`,
  external: ['./verbs/*', './report-error.js', './settings/settings.js'],
  format: 'cjs',
});
