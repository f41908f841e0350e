import { spawnSync } from 'node:child_process';

import { describe } from '@jest/globals';

/** The interpreter that sees the packages of Debian. */
export const python = '/usr/bin/python3';

/** Commands that succeed if a package is installed. */
const evidence: Readonly<Record<DebianPackage, readonly [file: string, ...argv: string[]]>> = {
  'python3-django-oauth-toolkit': [python, '-c', 'import oauth2_provider'],
  'python3-authlib': [python, '-c', 'import authlib'],
  'python3-flask': [python, '-c', 'import flask'],
  glewlwyd: ['glewlwyd', '--version'],
  softhsm2: ['softhsm2-util', '--version'],
  // Its programs have no option that ends with 0 without a module.
  opensc: ['sh', '-c', 'command -v pkcs11-tool'],
  // Its programs start a virtual machine for each question, and change to the user of the package.
  'rabbitmq-server': ['test', '-x', '/usr/lib/rabbitmq/bin/rabbitmq-server'],
};

/** A package that a foreign server, a security module or an example needs. */
export type DebianPackage =
  | 'python3-django-oauth-toolkit'
  | 'python3-authlib'
  | 'python3-flask'
  | 'glewlwyd'
  | 'softhsm2'
  | 'opensc'
  | 'rabbitmq-server';

/**
 * Returns `describe` if these packages are installed. Otherwise prints one line and returns `describe.skip`.
 * @throws {Error} if one is missing and `CI=true`
 */
export function describeWith(packages: readonly DebianPackage[]): typeof describe | typeof describe.skip {
  const missing = packages.filter((name) => !isInstalled(name)).join(' ');
  if (missing === '') return describe;
  const message = `tests that need ${missing} are skipped; to run them: apt-get install ${missing}`;
  if (process.env['CI'] === 'true') throw new Error(`with CI=true this is an error: ${message}`);
  process.stderr.write(`${message}\n`);
  return describe.skip;
}

function isInstalled(name: DebianPackage): boolean {
  const [file, ...argv] = evidence[name];
  return spawnSync(file, argv).status === 0;
}
