import { describe, expect, test } from '@jest/globals';

import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { DeadlineError } from '../../src/core/abort.js';
import { GrantRejectedError, GrantUnavailableError } from '../../src/core/errors.js';
import { clientCredentials } from '../../src/grant/client-credentials.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { fakeClock } from '../support/clock.js';
import { failureOf, linesThatShow, secret } from '../support/grant-outcome.js';
import type { Answer, Handler } from '../support/http-server.js';
import { issue } from '../support/tokens.js';

/** The error when the revocation of `live-t0ken` gets this response. */
async function errorFor(answer: Answer | Handler, signal?: AbortSignal): Promise<unknown> {
  const server = await startAuthorizationServer();
  server.script(answer);
  const grants = clientCredentials({
    tokenEndpoint: server.tokenEndpoint,
    revocationEndpoint: `${server.tokenEndpoint}/revoke`,
    clientId: 'orders',
    clientAuthentication: clientSecretBasic(secret),
  });
  return failureOf(grants.revoke(issue('live-t0ken', fakeClock()), signal));
}

describe('a revocation', () => {
  test('that meets an unavailable server leaves the token valid [R-77]', async () => {
    const error = await errorFor({ status: 503, body: '<h1>live-t0ken</h1>' });

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({
      status: 503,
      retryable: true,
      message: expect.stringMatching(
        /\/token did not revoke a token of client "orders" \(HTTP 503\); it is valid until it expires$/,
      ),
    });
    expect(linesThatShow('live-t0ken', error)).toEqual([]);
  });

  test.each([200, 202, 204])('that is answered with %d has succeeded [A41 R-77]', async (status) => {
    const error = await errorFor({ status }).catch(String);

    expect(error).toBe('Error: it did not fail');
  });

  test('is repeated once with a secret that was rotated meanwhile [A46]', async () => {
    const server = await startAuthorizationServer();
    server.script({ status: 401 }, { status: 200 });
    const secrets = ['old', 'new', 'newer'];
    const grants = clientCredentials({
      tokenEndpoint: server.tokenEndpoint,
      revocationEndpoint: `${server.tokenEndpoint}/revoke`,
      clientId: 'orders',
      clientAuthentication: clientSecretPost(() => secrets.shift() ?? ''),
    });

    await grants.revoke(issue('live-t0ken', fakeClock()));

    expect(server.grants.map(({ body }) => new URLSearchParams(body).get('client_secret'))).toEqual(['old', 'new']);
  });

  test('that is rejected names the error code [R-77]', async () => {
    const error = await errorFor({ status: 400, body: { error: 'unsupported_token_type' } });

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({ status: 400, error: 'unsupported_token_type', retryable: false });
    expect(String(error)).toContain('(unsupported_token_type, HTTP 400)');
  });

  test.each(['live-t0ken', secret])('does not repeat the error code %j [F4]', async (code) => {
    const error = await errorFor({ status: 400, body: { error: code } });

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(linesThatShow(code, error)).toEqual([]);
  });

  test('without a response is a network error', async () => {
    const error = await errorFor((_request, response) => void response.destroy());

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(String(error)).toContain('could not be reached');
  });

  test('whose deadline has passed is a timeout', async () => {
    const error = await errorFor({}, AbortSignal.abort(new DeadlineError(1)));

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(String(error)).toContain('did not respond in time');
  });
});
