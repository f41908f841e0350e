/**
 * Runs the scenarios of the official MCP conformance suite that concern a client without a user, with version 1 of the MCP
 * TypeScript SDK, and those that it passes without exception with version 2, too. npm installs the suite into a temporary folder, and Node.js 22 for it if this one is older. Without a registry
 * the scenarios are skipped; with `CI=true` a missing registry is an error.
 *
 *     npm run test:mcp -- [scenario ...]
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';

import { byBrowser, notRun, type Scenario, scenarios } from './scenarios.js';

const suite = '@modelcontextprotocol/conformance@0.2.0-alpha.12';
const root = join(import.meta.dirname, '..', '..');
const temporary = await mkdtemp(join(tmpdir(), 'm2m-tokens-mcp-'));
const program = join(temporary, 'client.mjs');

interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
}

try {
  const [command] = await Promise.all([install(), bundleClient()]);
  if (command !== undefined) {
    await checkList(command);
    const named = process.argv.slice(2);
    const chosen = scenarios.filter(({ name }) => named.length === 0 || named.includes(name));
    if (chosen.length === 0) throw new Error(`no scenario ${named.join(' ')}`);
    const waiting = chosen.flatMap((scenario) => versionsOf(scenario).map((version) => ({ scenario, version })));
    const work = async (): Promise<void> => {
      for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) {
        await tryOut(command, each.scenario, each.version);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
    for (const [name, reason] of Object.entries(notRun)) console.log(`not run ${name}: ${reason}`);
  }
} finally {
  await rm(temporary, { recursive: true, force: true });
}

function versionsOf({ error, browser = false }: Scenario): readonly string[] {
  return error === undefined && !browser ? ['1', '2'] : ['1'];
}

/** Installs the suite, and returns its command; `undefined` without a registry. */
async function install(): Promise<readonly string[] | undefined> {
  const isNewEnough = Number.parseInt(process.versions.node, 10) >= 22;
  const node = `node-${process.platform}-${process.arch}`;
  const packages = [suite, ...(isNewEnough ? [] : [`${node}@22`])];
  const options = ['--prefix', temporary, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  const { exitCode, stderr } = await run(['npm', 'install', ...options, ...packages], temporary);
  if (exitCode !== 0) {
    console.warn(`scenarios of MCP are skipped: npm cannot install ${packages.join(' ')}`);
    if (process.env['CI'] === 'true') throw new Error(`with CI=true this is an error: ${stderr}`);
    return undefined;
  }
  const modules = join(temporary, 'node_modules');
  const main = join(modules, '@modelcontextprotocol', 'conformance', 'dist', 'index.js');
  return [isNewEnough ? process.execPath : join(modules, node, 'bin', 'node'), main];
}

/** Bundles the client with its packages, because tsx would take a second to load for each scenario. */
async function bundleClient(): Promise<void> {
  // Packages that are CommonJS modules call `require`.
  const banner = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;
  const options = ['--bundle', '--format=esm', '--platform=node', '--log-level=error', `--banner:js=${banner}`];
  const esbuild = [join(root, 'node_modules', '.bin', 'esbuild'), join(root, 'tests', 'mcp', 'client.ts')];
  const { exitCode, stderr } = await run([...esbuild, ...options, `--outfile=${program}`], root);
  if (exitCode !== 0) throw new Error(stderr);
}

/** Each scenario of the suite is either run or has a reason. */
async function checkList(command: readonly string[]): Promise<void> {
  const { stdout } = await run([...command, 'list', '--client'], temporary);
  const listed = [...stdout.matchAll(/ auth\/(\S+)/g)].map(([, name]) => name);
  const known = [...scenarios.map(({ name }) => name), ...Object.keys(notRun)];
  if (isDeepStrictEqual(new Set(listed), new Set(known))) return;
  throw new Error(`the suite has the scenarios ${listed.join(', ')}; scenarios.ts has ${known.join(', ')}`);
}

async function tryOut(command: readonly string[], scenario: Scenario, version: string): Promise<void> {
  const folder = await mkdtemp(join(temporary, 'run-'));
  // The suite splits the command at blanks, starts it in a shell, and appends the URL of the MCP server.
  const client = `${process.execPath} ${program} ${version}`;
  const options = ['--command', client, '--scenario', `auth/${scenario.name}`, '-o', folder, '--timeout', '30000'];
  const { stderr } = await run([...command, 'client', ...options], temporary);
  const files = await readdir(folder, { recursive: true });
  const contentOf = async (name: string): Promise<string> => {
    const file = files.find((each) => each.endsWith(name));
    return file === undefined ? '' : readFile(join(folder, file), 'utf8');
  };
  const checks = JSON.parse((await contentOf('checks.json')) || '[]') as readonly Check[];
  const output = (await contentOf('stdout.txt')) + (await contentOf('stderr.txt'));
  const faults = [...faultsOf(scenario, checks, output)];
  const passed = checks.filter(({ status }) => status === 'SUCCESS').length;
  console.log(`${faults.length === 0 ? 'passed' : 'FAILED'} ${scenario.name}, SDK ${version}: ${passed} checks passed`);
  if (faults.length === 0) return;
  console.log([...faults, output, checks.length === 0 ? stderr : ''].join('\n').replaceAll(/^/gm, '    '));
  process.exitCode = 1;
}

function* faultsOf({ name, needed, error, browser = false }: Scenario, checks: readonly Check[], output: string) {
  for (const id of needed) {
    if (!checks.some((check) => check.id === id && check.status === 'SUCCESS')) yield `${name}: no success of ${id}`;
  }
  const failed = new Set(checks.filter(({ status }) => /FAILURE|WARNING|SKIPPED/.test(status)).map(({ id }) => id));
  const expected = browser ? Object.keys(byBrowser) : [];
  for (const id of failed) if (!expected.includes(id)) yield `${name}: ${id} fails`;
  for (const id of expected)
    if (!failed.has(id)) yield `${name}: ${id} no longer needs a browser; remove it from byBrowser`;
  const result = error ?? /"tools":\["test-tool"\]/;
  if (!result.test(output)) yield `${name}: the output does not match ${String(result)}`;
}

interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run([file = '', ...argv]: readonly string[], cwd: string): Promise<Outcome> {
  const child = spawn(file, argv, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [exitCode, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { exitCode, stdout, stderr };
}
