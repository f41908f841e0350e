/**
 * Changes the sources in many places, one at a time, and counts the changes that make a test fail. Exits with 1 if
 * these are fewer than 85 % of the changes of a folder. `layers` takes half an hour, `adapters` several hours. On a
 * busy machine, timeouts of tests count as failures.
 *
 *     npm run mutation -- [--file NAME] [layers] [adapters]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/**
 * Sources, and the tests that run for each change of them. Running all tests of the folder for each change would take a
 * day.
 */
interface Pass {
  /** A folder in `src`. */
  readonly sources: string;
  /** Folders or files in `tests`; the slow tests in them do not run. */
  readonly tests: readonly string[];
}

const passes: Readonly<Record<string, readonly Pass[]>> = {
  layers: [{ sources: 'layers/**', tests: ['layers/**/*'] }],
  adapters: [
    // The files that adapters share are covered through one of them.
    { sources: 'adapters', tests: ['adapters/*', 'adapters/fetch/*'] },
    ...['axios', 'fetch', 'undici'].map((client) => ({
      sources: `adapters/${client}`,
      tests: [`adapters/${client}/*`, 'adapters/proxies'],
    })),
  ],
};

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** The name of a source file: no others are changed. */
    file: { type: 'string', default: '*.ts' },
  },
});

for (const folder of positionals.length > 0 ? positionals : Object.keys(passes)) run(folder);

function run(folder: string): void {
  const all = passes[folder];
  if (all === undefined) throw new Error(`no folder "${folder}"; expected ${Object.keys(passes).join(', ')}`);
  const results = `coverage/mutation/${folder}.json`;
  rmSync(results, { force: true });
  mkdirSync('coverage/mutation', { recursive: true });
  all.forEach((pass, index) => {
    const configFile = `coverage/mutation/${folder}-${index}.json`;
    // The last pass reports on all.
    writeFileSync(configFile, JSON.stringify(configuration(pass, results, index === all.length - 1)));
    const { status } = spawnSync('npx', ['stryker', 'run', configFile], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  });
}

function configuration({ sources, tests }: Pass, results: string, isLast: boolean): object {
  return {
    testRunner: 'jest',
    testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
    plugins: ['@stryker-mutator/jest-runner'],
    mutate: [`src/${sources}/${flags.file}`],
    jest: {
      enableFindRelatedTests: false,
      config: {
        testMatch: tests.map((path) => `<rootDir>/tests/${path}.test.ts`),
        setupFilesAfterEnv: ['<rootDir>/tests/support/no-live-timer.ts', '<rootDir>/tests/mutation/stop-at-failure.ts'],
        // A change may make a test wait for ever.
        testTimeout: 2_000,
        globalSetup: null,
      },
    },
    coverageAnalysis: 'perTest',
    ignoreStatic: true,
    concurrency: 2,
    timeoutMS: 5_000,
    incremental: true,
    incrementalFile: results,
    reporters: isLast ? ['progress-append-only', 'clear-text'] : ['progress-append-only'],
    clearTextReporter: { reportTests: false },
    tempDirName: 'coverage/stryker',
    thresholds: { high: 95, low: 85, break: isLast ? 85 : null },
  };
}
