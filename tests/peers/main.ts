/**
 * Tests the adapters, the Redis store and the OpenTelemetry entry with the lowest and the highest supported version of
 * the peers, which npm installs into a temporary folder. `npm test` runs the same tests with the installed versions.
 * So the tests of a peer run with its highest version only if that is not the installed one; undici 8 is never installed,
 * because npm would warn of it with Node.js 20. Without a registry the
 * tests are skipped; with `CI=true` a missing registry is an error.
 *
 *     npm run test:peers -- [option of Jest ...]
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Versions = Readonly<Record<string, string>>;

const root = join(import.meta.dirname, '..', '..');
const temporary = mkdtempSync(join(tmpdir(), 'm2m-tokens-peers-'));

// undici 8 needs Node.js 22; with Node.js 20, npm installs undici 7. The tests load parts of undici 8 under an alias.
const highest: Versions = { ...peersOf(join(root, 'package.json')), 'undici-8': 'npm:undici@^8.0.0' };
// The first version in a range is the lowest.
const lowest = Object.fromEntries(
  Object.entries(highest).map(([name, range]) => [name, range.replace(/\^([\d.]+).*$/, '$1')]),
);

/** The tests, and the peers that they load, also by way of another file. The main entry of undici 8 is not loaded. */
const testsOf: Readonly<Record<string, readonly string[]>> = {
  '**/tests/adapters/axios/*.test.ts': ['axios', 'undici'],
  '**/tests/adapters/undici/*.test.ts': ['undici', 'undici-8', 'axios'],
  '**/tests/stores/redis.test.ts': ['redis'],
  '**/tests/telemetry/opentelemetry/*.test.ts': ['@opentelemetry/api', 'axios', 'undici'],
};

try {
  const lowestFolder = install('lowest', lowest);
  if (lowestFolder !== undefined) testWith(lowestFolder, Object.keys(testsOf));
  const highestFolder = install('highest', highest);
  if (highestFolder !== undefined) {
    const others = Object.keys(highest).filter(
      (name) => name === 'undici-8' || installed(highestFolder, name) !== installed(root, name),
    );
    console.log(`not the installed version: ${others.join(', ') || 'none'}`);
    const tests = Object.keys(testsOf).filter((path) => testsOf[path]?.some((name) => others.includes(name)));
    if (tests.length > 0) testWith(highestFolder, tests);
  }
} finally {
  rmSync(temporary, { recursive: true });
}

/** Installs the peers into a folder, and returns it; `undefined` without a registry. */
function install(which: string, versions: Versions): string | undefined {
  const folder = join(temporary, which);
  mkdirSync(folder);
  const packages = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
  const options = ['--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'];
  const npm = spawnSync('npm', ['install', ...options, ...packages], { cwd: folder, encoding: 'utf8' });
  if (npm.status !== 0) {
    console.warn(`tests of the peers are skipped: npm cannot install ${packages.join(' ')}`);
    if (process.env['CI'] === 'true') throw new Error(`with CI=true this is an error: ${npm.stderr}`);
    return undefined;
  }
  const names = Object.keys(versions).map((name) => `${name} ${installed(folder, name)}`);
  console.log(`\npeers, ${which}: ${names.join(', ')}`);
  return folder;
}

function testWith(folder: string, tests: readonly string[]): void {
  const jest = ['node_modules/jest/bin/jest.js', '--config', 'tests/peers/jest.config.ts', ...process.argv.slice(2)];
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const { status } = spawnSync(process.execPath, [...flags, ...jest], {
    cwd: root,
    env: { ...process.env, PEERS_FOLDER: folder, PEERS_TESTS: JSON.stringify(tests) },
    stdio: 'inherit',
  });
  process.exitCode ||= status ?? 1;
}

function installed(folder: string, name: string): string {
  const manifest = readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

function peersOf(manifest: string): Versions {
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly peerDependencies: Versions }).peerDependencies;
}
