import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { entry as entryOf, mainEntry, packageFolder } from './built-package.js';
import { pairedRounds } from './paired-rounds.js';
import type { Result } from './result.js';

const nsPerMs = 1e6;

/** Compares the import of the main entry with that of openid-client, and counts the modules of optional packages. */
export async function importTime(): Promise<Result[]> {
  const comparison = await pairedRounds({
    ours: () => runImport(mainEntry),
    other: () => runImport('openid-client'),
    calls: 1,
    rounds: 31,
    warmUpRounds: 4,
  });
  const { ours, other, ratio } = comparison;

  return [
    {
      name: 'importing the main entry / openid-client',
      unit: 'ms',
      ours: ours / nsPerMs,
      other: other / nsPerMs,
      ratio,
      target: { of: 'ratio', atMost: 1.25 },
    },
    {
      name: 'modules of axios and pino that this loads',
      unit: 'count',
      ours: loadedModules(mainEntry, 'axios', 'pino'),
      target: { of: 'ours', atMost: 0 },
    },
    ...(['fetch', 'undici'] as const).map((name): Result => ({
      name: `modules of packages that the entry ${name} loads`,
      unit: 'count',
      ours: loadedModules(entryOf(name), 'axios', 'undici', 'pino', 'openid-client'),
      target: { of: 'ours', atMost: 0 },
    })),
  ];
}

function runImport(specifier: string, environment: NodeJS.ProcessEnv = {}): void {
  const { NODE_OPTIONS: _options, ...inherited } = process.env;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', `import ${JSON.stringify(specifier)}`],
    { cwd: packageFolder, env: { ...inherited, ...environment }, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`importing ${specifier} failed:\n${stderr}`);
}

/** The number of modules of these packages that an entry loads: the coverage of V8 lists every script that ran. */
function loadedModules(entry: string, ...packages: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'loaded-modules-'));
  try {
    runImport(entry, { NODE_V8_COVERAGE: folder });
    const urls = readdirSync(folder).flatMap((name) => {
      const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] };
      return result.map(({ url }) => url);
    });
    if (!urls.includes(entry)) throw new Error('found no loaded modules');
    return urls.filter((url) => packages.some((name) => url.includes(`/node_modules/${name}/`))).length;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
