import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { packageFolder } from './built-package.js';
import { pairedRounds } from './paired-rounds.js';
import type { Result } from './result.js';
import { startTokenEndpoint } from './token-endpoint.js';

const nsPerMs = 1e6;
const main = fileURLToPath(new URL('../../dist/cli/main.cjs', import.meta.url));

/** Compares the command with Node.js alone, and with a program that sends the same grant by openid-client. */
export async function command(): Promise<Result[]> {
  const endpoint = await startTokenEndpoint();
  try {
    const { tokenEndpoint, clientId } = endpoint.options;
    const environment = {
      OAUTH_TOKEN_ENDPOINT: tokenEndpoint,
      OAUTH_CLIENT_ID: clientId,
      OAUTH_CLIENT_SECRET: 'secret',
    };
    return [
      await compare('m2m --help / node -e 0', 2, [main, '--help'], ['-e', '0']),
      await compare(
        'm2m token / the same grant by openid-client',
        1.6,
        [main, 'token'],
        ['--input-type=module', '-e', grant],
        environment,
      ),
    ];
  } finally {
    endpoint.close();
  }
}

const grant = `
import { allowInsecureRequests, clientCredentialsGrant, ClientSecretBasic, Configuration } from 'openid-client';
const { OAUTH_TOKEN_ENDPOINT: token_endpoint, OAUTH_CLIENT_ID: id, OAUTH_CLIENT_SECRET: secret } = process.env;
const configuration = new Configuration({ issuer: token_endpoint, token_endpoint }, id, undefined, ClientSecretBasic(secret));
allowInsecureRequests(configuration);
console.log((await clientCredentialsGrant(configuration)).access_token);`;

async function compare(
  name: string,
  atMost: number,
  oursArgv: readonly string[],
  otherArgv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const { ours, other, ratio } = await pairedRounds({
    ours: () => run(oursArgv, environment),
    other: () => run(otherArgv, environment),
    calls: 1,
    rounds: 21,
    warmUpRounds: 3,
  });
  return { name, unit: 'ms', ours: ours / nsPerMs, other: other / nsPerMs, ratio, target: { of: 'ratio', atMost } };
}

async function run(argv: readonly string[], environment: Readonly<Record<string, string>>): Promise<void> {
  const env = { PATH: process.env['PATH'], ...environment };
  const child = spawn(process.execPath, argv, { cwd: packageFolder, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${exitCode}`);
}
