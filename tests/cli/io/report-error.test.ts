import { expect, test } from '@jest/globals';

import { CommandError, Interruption } from '../../../src/cli/io/command-error.js';
import { reportError } from '../../../src/cli/io/report-error.js';
import {
  ConfigurationError,
  GrantRejectedError,
  GrantUnavailableError,
  InvalidTokenResponseError,
} from '../../../src/core/errors.js';
import { PrivateFileError } from '../../../src/stores/private-files.js';
import { commandContext } from '../../support/command.js';

async function report(error: unknown) {
  const { context, stdout, stderr } = commandContext();
  const exitCode = await reportError(error, context);
  return { exitCode, stdout: stdout(), lines: stderr().split('\n') };
}

test.each([
  [new CommandError('no', { advice: 'try\u001b', exitCode: 6 }), 6, ['m2m: no', '  → try\\u001b', '']],
  [
    new ConfigurationError('"issuer" is wrong: really'),
    2,
    ['m2m: --issuer is wrong: really', '  → m2m config shows the settings and their sources', ''],
  ],
  [
    new ConfigurationError('set "clientAuthentication", "algorithm" or "scope", not "RS256", or "constructor"'),
    2,
    [
      'm2m: set --auth-method, --signing-algorithm or --scope, not "RS256", or "constructor"',
      '  → m2m config shows the settings and their sources',
      '',
    ],
  ],
  [
    new ConfigurationError('let it bind, or set "requireBinding: false" in dpop()'),
    2,
    ['m2m: let it bind, or leave --dpop out', '  → m2m config shows the settings and their sources', ''],
  ],
  [
    new GrantRejectedError('https://a refused (invalid_client, "is: (not) known", HTTP 401): check the id: now', {
      status: 401,
    }),
    3,
    [
      'm2m: https://a refused (invalid_client, "is: (not) known", HTTP 401)',
      '  → check the id: now; m2m doctor with the same settings shows more',
      '',
    ],
  ],
  [
    new GrantUnavailableError('https://a could not be reached (ECONNREFUSED): check the URL'),
    4,
    ['m2m: https://a could not be reached (ECONNREFUSED)', '  → check the URL', ''],
  ],
  [
    new InvalidTokenResponseError('https://a responded to the grant with 200, but its body is not JSON'),
    4,
    [
      'm2m: https://a responded to the grant with 200, but its body is not JSON',
      '  → m2m doctor with the same settings shows the reason',
      '',
    ],
  ],
  [
    new GrantUnavailableError('https://a is not available (HTTP 503)', { status: 503, retryAfterMs: 99_000 }),
    4,
    ['m2m: https://a is not available (HTTP 503)', '  → the server asks for a pause: try again in 1 min 39 s', ''],
  ],
  [
    new GrantUnavailableError('https://a is not available (HTTP 503)', { status: 503, retryAfterMs: 700 }),
    4,
    ['m2m: https://a is not available (HTTP 503)', '  → m2m doctor with the same settings shows the reason', ''],
  ],
  [
    new GrantUnavailableError('https://a could not be reached (CERT_HAS_EXPIRED): renew it', {
      retryable: false,
      retryAfterMs: 3_000,
    }),
    4,
    ['m2m: https://a could not be reached (CERT_HAS_EXPIRED)', '  → renew it', ''],
  ],
  [
    new InvalidTokenResponseError(
      'https://a answered with 200, but its "token_type" is missing; if its tokens are Bearer tokens, set "assumeBearer: true"',
    ),
    4,
    [
      'm2m: https://a answered with 200, but its "token_type" is missing',
      '  → if its tokens are Bearer tokens, set --assume-bearer',
      '',
    ],
  ],
  [new PrivateFileError('/f is a link', 'replace it'), 2, ['m2m: /f is a link', '  → replace it', '']],
  [new RangeError('oh'), 1, ['m2m: RangeError: oh', '  → this is a defect of m2m-tokens: please report it', '']],
])('prints the problem and the next step: %s', async (error, exitCode, lines) => {
  expect(await report(error)).toEqual({ exitCode, stdout: '', lines });
});

test.each([
  ['set "audience" of privateKeyJwt to "https://a"', 'set --assertion-audience to "https://a"'],
  ['set "audience" of clientSecretJwt', 'set --assertion-audience'],
  ['check "resource", "audience" and "parameters"', 'check --resource, --audience and --parameter'],
  ['set "parameters: { resource }" instead', 'set --parameter resource=VALUE instead'],
  ['"resource" and "parameters.resource" differ', '--resource and --parameter resource differ'],
  ['this client must use DPoP: set "dpop"', 'this client must use DPoP: set --dpop'],
  ['use "clientId" and "clientSecret"', 'use --client-id and --client-secret-file'],
  ['set "revocationEndpoint"', 'set --revocation-endpoint'],
  [
    'try clientSecretBasic(secret, { encoding }) with "form" or "raw", or clientSecretPost(secret); more',
    'try --auth-method client_secret_basic:form, client_secret_basic:raw or client_secret_post; more',
  ],
  [
    'for a private CA set NODE_EXTRA_CA_CERTS or the option "fetch"',
    'for a private CA set NODE_EXTRA_CA_CERTS to its certificate',
  ],
  [
    'a proxy asks for credentials; give them to the "fetch" that this service uses',
    'a proxy asks for credentials; write user and password into the proxy URL of HTTPS_PROXY',
  ],
  [
    '"parameters" must not hold "scope", since it has an option of its own or is set by the library',
    '--parameter must not hold --scope, since it has a flag of its own or is set by the command',
  ],
  ['check the file or function that it comes from', 'check its source'],
])('names flags in place of the options of the library: %s [A48]', async (text, shown) => {
  const { lines } = await report(new GrantRejectedError(`https://a refused (HTTP 400): ${text}`, { status: 400 }));

  expect(lines[1]).toBe(`  → ${shown}; m2m doctor with the same settings shows more`);
});

test('prints nothing for an interruption', async () => {
  expect(await report(new Interruption('SIGINT'))).toEqual({ exitCode: 130, stdout: '', lines: [''] });
});

test('prints in colours on a terminal', async () => {
  const { context, stderr } = commandContext({ terminals: ['stderr'] });

  await reportError(new CommandError('no', { advice: 'try' }), context);

  expect(stderr()).toBe('\u001b[31mm2m:\u001b[39m no\n  \u001b[2m→\u001b[22m try\n');
});
