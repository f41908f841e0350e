/**
 * Builds the package: each entry as an ES module and as CommonJS, both with declarations, and the command.
 *
 *     rollup -c [--configPart command] [--configFolder dist]
 */
import { rmSync } from 'node:fs';

import { nodeResolve } from '@rollup/plugin-node-resolve';
import { dts } from 'rollup-plugin-dts';
import esbuild from 'rollup-plugin-esbuild';
import license from 'rollup-plugin-license';

const entries = {
  index: 'src/index.ts',
  axios: 'src/adapters/axios/index.ts',
  fetch: 'src/adapters/fetch/index.ts',
  undici: 'src/adapters/undici/index.ts',
  redis: 'src/stores/redis.ts',
  layers: 'src/layers/index.ts',
  identity: 'src/identity/index.ts',
  opentelemetry: 'src/telemetry/opentelemetry/index.ts',
  testing: 'src/testing/index.ts',
};

// What the command imports when it needs it.
const commandParts = [
  ...['token', 'exec', 'inspect', 'revoke', 'config', 'completion', 'call/call', 'doctor/doctor'].map(
    (name) => `commands/${name}`,
  ),
  'io/report-error',
  'settings/settings',
];

export default ({ configPart, configFolder = 'dist' }) => {
  rmSync(configFolder, { recursive: true, force: true });
  const builds =
    configPart === 'command' ? command(configFolder) : [...library(configFolder), ...command(configFolder)];
  return builds.map((build) => ({ ...build, onLog: failOnWarning }));
};

const failOnWarning = (level, log, handle) => handle(level === 'warn' ? 'error' : level, log);

const library = (dir) => [
  {
    input: entries,
    external: isPackage,
    plugins: [typescript()],
    output: { dir, ...files('es', 'js') },
  },
  {
    input: entries,
    external: (id) => isPackage(id) && !isEsModuleOnly(id),
    plugins: [
      typescript(),
      nodeResolve({ exportConditions: ['node'] }),
      license({ thirdParty: { output: `${dir}/LICENSES.txt` } }),
    ],
    // Jest's CommonJS mode cannot run `import()`.
    output: { dir, ...files('cjs', 'cjs'), dynamicImportInCjs: false },
  },
  ...['d.ts', 'd.cts'].map((extension) => ({
    input: entries,
    external: isPackage,
    plugins: [dts()],
    // A package whose types are internal is not imported.
    treeshake: { moduleSideEffects: 'no-external' },
    output: { dir, ...files('es', extension) },
  })),
];

const command = (dir) => [
  {
    input: Object.fromEntries(commandParts.map((name) => [name, `src/cli/${name}.ts`])),
    external: isPackage,
    plugins: [typescript()],
    output: { dir: `${dir}/cli`, format: 'es', chunkFileNames: 'shared/[name].js' },
  },
  {
    input: 'src/cli/main.ts',
    external: (id) => isPackage(id) || commandParts.includes(id.replace(/^\.\/|\.js$/g, '')),
    plugins: [typescript()],
    // Node.js loads CommonJS faster.
    output: { file: `${dir}/cli/main.cjs`, format: 'cjs' },
  },
];

const typescript = () => esbuild({ target: 'node20' });

const isPackage = (id) => !/^[./\0]/.test(id);

// `require()` cannot load these on each supported Node.js, nor in Jest: they are part of the CommonJS files.
const isEsModuleOnly = (id) => /^(?:openid-client|oauth4webapi|jose|dpop|leven)(?:\/|$)/.test(id);

const files = (format, extension) => ({
  format,
  entryFileNames: `[name].${extension}`,
  chunkFileNames: `shared/[name].${extension}`,
  // What entries share, by where it comes from: otherwise Rollup names it after one of its files.
  manualChunks(id) {
    if (id.includes('/node_modules/jose/')) return 'jose';
    if (id.includes('/src/core/')) return 'core';
    // What the main entry shares with `testing` and `opentelemetry`, as one file that it loads.
    if (/\/src\/(telemetry\/(?!opentelemetry\/)|service\/(stats|revoke-all)\.)/.test(id)) return 'observation';
    if (id.includes('/src/identity/') && !id.endsWith('/index.ts')) return 'identity';
    return /\/src\/adapters\/[^/]+$/.test(id) ? 'adapters' : undefined;
  },
});
