import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { python } from '../../../../../src/cli/commands/call/print/python.js';
import { startAuthorizationServer } from '../../../../support/authorization-server.js';
import { thumbprints } from '../../../../support/mutual-tls.js';
import { posixTest } from '../../../../support/posix-test.js';
import {
  printedCallExample,
  runPrinted,
  startCertificateCall,
  startRedirecting,
} from '../../../../support/printed-call.js';
import { hasProgram } from '../../../../support/programs.js';
import { startResourceServer } from '../../../../support/resource-server.js';

test('reads the secret and the token from the environment', () => {
  const program = python(printedCallExample);

  expect(program).toContain('os.environ["OAUTH_CLIENT_SECRET"]');
  expect(program).toContain(
    '"Authorization": "Bearer " + os.environ["ACCESS_TOKEN"],\n    "Content-Type": "text/plain",',
  );
  expect(program).toContain(
    `method="PUT", headers=headers, data="it's \\"\\u00e9\\" $HOME \`\\\\ \\U0001f600".encode()`,
  );
  expect(python({ ...printedCallExample, authMethod: 'client_secret_post' })).toContain(
    '("client_secret", os.environ["OAUTH_CLIENT_SECRET"])',
  );
});

test('sends no body without one', () => {
  expect(python({ ...printedCallExample, body: undefined })).not.toContain('headers=headers, data="');
});

const pythonTest = hasProgram('python3') ? posixTest : (test.skip as typeof test);

pythonTest('presents the certificate to the token endpoint and to the API [R-51]', async () => {
  const { call, folder, requests } = await startCertificateCall();

  const { exitCode, stdout } = await runPrinted('python3', ['-'], python(call), {
    SSL_CERT_FILE: join(folder, 'ca.pem'),
  });

  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'orders\n' });
  expect(requests.map(({ thumbprint }) => thumbprint)).toEqual([thumbprints.first, thumbprints.first]);
});

describe.each([
  ['client_secret_basic', `Basic ${btoa('orders:s3cret')}`, undefined],
  ['client_secret_post', undefined, 's3cret'],
] as const)('with %s', (authMethod, authorization, secret) => {
  pythonTest('makes the grant, and the call', async () => {
    const [server, api] = await Promise.all([startAuthorizationServer(), startResourceServer()]);
    const { tokenEndpoint } = server;
    const program = python({ ...printedCallExample, authMethod, tokenEndpoint, url: `${api.origin}/a` });

    const { exitCode } = await runPrinted('python3', ['-'], program);

    expect(exitCode).toBe(0);
    const form = Object.fromEntries(new URLSearchParams(server.grants[0]?.body));
    expect(server.grants[0]?.headers.authorization).toBe(authorization);
    expect(form['client_secret']).toBe(secret);
    expect(api.requests).toMatchObject([
      { method: 'PUT', path: '/a', body: printedCallExample.body, headers: { authorization: 'Bearer token-1' } },
    ]);
  });
});

describe.each(['the grant', 'the call'])('a redirect of %s', (redirected) => {
  pythonTest('takes neither the secret nor the token along', async () => {
    const [server, api, other] = await Promise.all([
      startAuthorizationServer(),
      startResourceServer(),
      startResourceServer(),
    ]);
    const redirecting = await startRedirecting({ status: 302, headers: { location: `${other.origin}/other` } });
    const tokenEndpoint = redirected === 'the grant' ? redirecting : server.tokenEndpoint;
    const url = redirected === 'the call' ? redirecting : `${api.origin}/a`;
    const call = { ...printedCallExample, method: 'GET', body: undefined, tokenEndpoint, url };

    const { exitCode } = await runPrinted('sh', ['-c', 'exec python3 - 2>/dev/null'], python(call));

    expect(exitCode).toBe(1);
    expect(other.requests).toEqual([]);
  });
});
