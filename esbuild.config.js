// Bundles the entries of the package, their shared parts into chunks of their own; dependencies stay outside.
// node esbuild.config.js [folder]: dist, unless it is said
import { rmSync } from 'node:fs';

import { build } from 'esbuild';

const folder = process.argv[2] ?? 'dist';
const common = { bundle: true, platform: 'node', target: 'node20', packages: 'external' };

// Without a copy of the sources: they are published, too.
const sourceMaps = { sourcemap: true, sourcesContent: false };
const modules = { ...common, ...sourceMaps, outbase: 'src', outdir: folder, format: 'esm', splitting: true };

rmSync(folder, { recursive: true, force: true });
await build({
  ...modules,
  entryPoints: [
    'src/index.ts',
    'src/adapters/axios/index.ts',
    'src/adapters/fetch/index.ts',
    'src/adapters/undici/index.ts',
    'src/stores/redis.ts',
  ],
});
// Built separately from the library: shared chunks would split the library into more files, which each service loads.
await build({
  ...modules,
  chunkNames: 'cli/shared/[name]-[hash]',
  entryPoints: [
    'src/cli/commands/*.ts',
    'src/cli/commands/call/call.ts',
    'src/cli/commands/doctor/doctor.ts',
    'src/cli/io/report-error.ts',
    'src/cli/settings/settings.ts',
  ],
});
// The start of the command is CommonJS, which Node.js loads faster. It imports the one command that it runs.
await build({
  ...common,
  entryPoints: ['src/cli/main.ts'],
  outfile: `${folder}/cli/main.cjs`,
  external: ['./commands/*', './io/report-error.js', './settings/settings.js'],
  format: 'cjs',
});
