import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { curl } from '../../../../../src/cli/commands/call/print/curl.js';
import type { PrintedCall } from '../../../../../src/cli/commands/call/print/printed-call.js';
import { startAuthorizationServer } from '../../../../support/authorization-server.js';
import { thumbprints } from '../../../../support/mutual-tls.js';
import { posixTest } from '../../../../support/posix-test.js';
import { printedCallExample, runPrinted, startCertificateCall } from '../../../../support/printed-call.js';
import { hasProgram } from '../../../../support/programs.js';
import { startResourceServer } from '../../../../support/resource-server.js';

const curlTest = hasProgram('curl') && hasProgram('jq') ? posixTest : (test.skip as typeof test);

/** The arguments of curl in a script, one a line. */
async function argumentsIn(script: string): Promise<string> {
  const stubs = `curl() { printf '%s\\n' "$@"; }; jq() { cat >&2; echo t0ken; }; exec 2>&1`;
  return (await runPrinted('sh', ['-s'], `${stubs}\n${script}`)).stdout;
}

posixTest('quotes each argument for the shell', async () => {
  const words = (await argumentsIn(curl(printedCallExample))).split('\n');

  expect(words.slice(0, 15)).toEqual([
    '--globoff',
    '--silent',
    '--show-error',
    '--fail',
    '--user',
    'orders:s3cret',
    '--data-urlencode',
    'grant_type=client_credentials',
    '--data-urlencode',
    'scope=a b',
    '--data-urlencode',
    'audience=x',
    '--data-urlencode',
    'resource=https://c',
    'https://auth.example.com/token',
  ]);
  expect(words.slice(15, -1)).toEqual([
    '--globoff',
    '--request',
    'PUT',
    '--oauth2-bearer',
    't0ken',
    '--header',
    'Content-Type: text/plain',
    '--data-raw',
    printedCallExample.body,
    'https://api.example.com/a?b=c&d',
  ]);
});

posixTest('sends a secret of the form by stdin, not as an argument', async () => {
  const words = await argumentsIn(curl({ ...printedCallExample, authMethod: 'client_secret_post' }));

  expect(words).toContain('client_id=orders\n--data-urlencode\nclient_secret@-');
  expect(words).not.toContain('s3cret');
});

curlTest('presents the certificate to the token endpoint and to the API [R-51]', async () => {
  const { call, folder, requests } = await startCertificateCall();

  const { exitCode, stdout } = await runPrinted('sh', ['-s'], curl(call), { CURL_CA_BUNDLE: join(folder, 'ca.pem') });

  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'orders' });
  expect(requests.map(({ thumbprint }) => thumbprint)).toEqual([thumbprints.first, thumbprints.first]);
  expect(requests[0]?.body).toContain('client_id=orders');
  expect(requests[1]).toMatchObject({ method: 'PUT', body: call.body, headers: { authorization: 'Bearer t0ken' } });
});

test('sends no body without one', () => {
  expect(curl({ ...printedCallExample, body: undefined })).not.toContain('--data-raw');
});

describe.each([
  ['a URL with brackets and braces', { url: '/a?b[1-3]={c,d}' }, { path: '/a?b[1-3]={c,d}' }],
  ['a HEAD', { method: 'HEAD', body: undefined }, { method: 'HEAD' }],
  ['a header without a value', { headers: [['X-Empty', '']] }, { headers: { 'x-empty': '' } }],
] as const)('%s', (_what, { url = '/a', ...changes }: Partial<PrintedCall>, expected) => {
  curlTest('is sent once, as it is', async () => {
    const [server, api] = await Promise.all([startAuthorizationServer(), startResourceServer()]);
    const { tokenEndpoint } = server;
    const call = { ...printedCallExample, tokenEndpoint, ...changes, url: `${api.origin}${url}` };

    const { exitCode } = await runPrinted('sh', ['-s'], `exec 2>/dev/null\n${curl(call)}`);

    expect(exitCode).toBe(0);
    expect(api.requests).toMatchObject([expected]);
  });
});
