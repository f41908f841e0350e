/**
 * Changes the sources in two thousand places, one at a time, and counts what their tests notice. Exit code 1 when that is less
 * than 85 % of a folder. Takes an hour and a half on two cores; when they are busy, tests are late, which counts as noticed.
 *
 *     npm run mutation -- [layers] [adapters]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

/** Names of sources and of tests, without their endings. */
interface Pass {
  readonly mutate: string;
  readonly tests: readonly string[];
}

// Each family with its own tests: all tests of the folder for each change would take a day, most of it for loading files that
// could not notice anything. The last pass reports on all.
const common = '{adapter-options,challenge,dpop,latest-answer,origins,send-authorized,stream-body}';
const passes: Readonly<Record<string, readonly Pass[]>> = {
  layers: [{ mutate: '*', tests: ['*'] }],
  adapters: [
    { mutate: common, tests: [common] },
    ...['axios', 'fetch', 'undici'].map((name) => ({
      mutate: `${name}*`,
      tests: [`${name}*`, 'proxies', '!*-contract*'],
    })),
  ],
};

const chosen = process.argv.slice(2);
for (const folder of chosen.length > 0 ? chosen : Object.keys(passes)) run(folder);

function run(folder: string): void {
  const all = passes[folder];
  if (all === undefined) throw new Error(`there is no "${folder}"; there are: ${Object.keys(passes).join(', ')}`);
  const results = `coverage/mutation/${folder}.json`;
  rmSync(results, { force: true });
  all.forEach((pass, index, { length }) => {
    const isLast = index === length - 1;
    const configFile = `coverage/mutation/${folder}-${index}.json`;
    mkdirSync('coverage/mutation', { recursive: true });
    writeFileSync(configFile, JSON.stringify(configuration(folder, pass, results, isLast)));
    const { status } = spawnSync('npx', ['stryker', 'run', configFile], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  });
}

function configuration(folder: string, { mutate, tests }: Pass, results: string, isLast: boolean): object {
  return {
    testRunner: 'jest',
    testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
    plugins: ['@stryker-mutator/jest-runner'],
    mutate: [`src/${folder}/${mutate}.ts`],
    jest: {
      enableFindRelatedTests: false,
      config: {
        testMatch: tests.map((name) => testPattern(folder, name)),
        setupFilesAfterEnv: ['<rootDir>/tests/support/no-live-timer.ts', '<rootDir>/tests/mutation/stop-at-failure.ts'],
        // What waits for what will not come has failed soon.
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
    tempDirName: 'coverage/stryker',
    thresholds: { high: 95, low: 85, break: isLast ? 85 : null },
  };
}

function testPattern(folder: string, name: string): string {
  return name.replace(/^(!?)(.*)$/, `$1<rootDir>/tests/${folder}/$2.test.ts`);
}
