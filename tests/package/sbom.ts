/**
 * Prints the bill of materials (CycloneDX) of what users install: `tsx tests/package/sbom.ts`. `npm sbom --omit dev` leaves out
 * each package that a development dependency needs too, jose for example (https://github.com/npm/cli/issues/7909). So npm
 * gets a copy of package.json with nothing but `dependencies`.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { name: string };
// undefined is not in JSON. npm 10 would keep the optional peers.
const dependenciesOnly = {
  ...manifest,
  devDependencies: undefined,
  peerDependencies: undefined,
  peerDependenciesMeta: undefined,
};
const temporary = mkdtempSync(join(tmpdir(), 'm2m-tokens-sbom-'));
try {
  // npm takes the name of the root component from the folder.
  const folder = join(temporary, manifest.name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify(dependenciesOnly));
  copyFileSync('package-lock.json', join(folder, 'package-lock.json'));
  // Removes the development dependencies from the lock file, and changes no version.
  npm(folder, 'install', '--package-lock-only', '--ignore-scripts', '--offline', '--no-audit', '--no-fund');
  process.stdout.write(npm(folder, 'sbom', '--package-lock-only', '--sbom-format=cyclonedx'));
} finally {
  rmSync(temporary, { recursive: true });
}

function npm(cwd: string, ...argv: readonly string[]): string {
  return execFileSync('npm', argv, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
