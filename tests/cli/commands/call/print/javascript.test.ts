import { expect, test } from '@jest/globals';

import { javascript } from '../../../../../src/cli/commands/call/print/javascript.js';
import { startAuthorizationServer } from '../../../../support/authorization-server.js';
import { printedCallExample, runPrinted, startRedirecting } from '../../../../support/printed-call.js';
import { startResourceServer } from '../../../../support/resource-server.js';

test.each([
  ['client_secret_basic', `Basic ${btoa('orders:s3cret')}`, undefined],
  ['client_secret_post', undefined, 's3cret'],
] as const)('makes the grant by %s, and the call', async (authMethod, authorization, secret) => {
  const [server, api] = await Promise.all([startAuthorizationServer(), startResourceServer()]);
  const { tokenEndpoint } = server;
  const program = javascript({ ...printedCallExample, authMethod, tokenEndpoint, url: `${api.origin}/a` });

  const { exitCode } = await runPrinted(process.execPath, ['--input-type=module', '-'], program);

  expect(exitCode).toBe(0);
  const form = Object.fromEntries(new URLSearchParams(server.grants[0]?.body));
  expect(server.grants[0]?.headers.authorization).toBe(authorization);
  expect(form['client_secret']).toBe(secret);
  expect(form).toMatchObject({ grant_type: 'client_credentials', scope: 'a b' });
  expect(api.requests).toMatchObject([
    { method: 'PUT', path: '/a', body: printedCallExample.body, headers: { authorization: 'Bearer token-1' } },
  ]);
});

test('does not support a client certificate', () => {
  const certificate = { certificateFile: '/c', keyFile: '/k' };

  expect(() => javascript({ ...printedCallExample, authMethod: 'tls_client_auth', certificate })).toThrow(
    '--print javascript does not support a client certificate',
  );
});

test('sends no body without one', () => {
  expect(javascript({ ...printedCallExample, body: undefined })).not.toMatch(/\n {2}body:/);
});

test.each([307, 308])('does not take the secret along a %d of the token endpoint', async (status) => {
  const other = await startResourceServer();
  const tokenEndpoint = await startRedirecting({ status, headers: { location: `${other.origin}/other` } });
  const program = javascript({ ...printedCallExample, authMethod: 'client_secret_post', tokenEndpoint });

  const { exitCode } = await runPrinted(
    'sh',
    ['-c', `exec '${process.execPath}' --input-type=module - 2>/dev/null`],
    program,
  );

  expect(exitCode).toBe(1);
  expect(other.requests).toEqual([]);
});
