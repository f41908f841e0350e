import { expect, test } from '@jest/globals';
import OAuth2Server from '@node-oauth/oauth2-server';

import type { ClientAuthentication } from '../../src/authentication/client-authentication.js';
import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { GrantRejectedError } from '../../src/core/errors.js';
import { createTokenService } from '../../src/service/token-service.js';
import { failureOf } from '../support/grant-outcome.js';
import { startHttpServer } from '../support/http-server.js';

// The server does not decode Basic credentials, and accepts only visible ASCII in them.
const awkward = { id: 'a%b c+d', secret: 'a:b%c d+e&=?/#[]@$;,"<>\\^`{|}-_.~!*() %41' };

/** Starts a server on `@node-oauth/oauth2-server` that knows one client; returns a service of that client. */
async function serve(
  known: { readonly id: string; readonly secret: string },
  clientAuthentication: ClientAuthentication,
) {
  const oauth = new OAuth2Server({
    model: {
      getClient: async (id, secret) =>
        id === known.id && secret === known.secret ? { id, grants: ['client_credentials'] } : false,
      getUserFromClient: async () => ({}),
      saveToken: async (token, client, user) => ({ ...token, client, user }),
      getAccessToken: async () => false,
      validateScope: async (_user, _client, scope) => scope ?? [],
    },
  });
  const { origin } = await startHttpServer(async ({ method, headers, body }) => {
    const form = Object.fromEntries(new URLSearchParams(body));
    const request = new OAuth2Server.Request({
      method,
      headers: headers as Record<string, string>,
      query: {},
      body: form,
    });
    const response = new OAuth2Server.Response();
    await oauth.token(request, response).catch(() => undefined);
    return { status: response.status ?? 500, body: response.body as object };
  });
  return createTokenService({ tokenEndpoint: `${origin}/token`, clientId: known.id, clientAuthentication });
}

test.each<[string, ClientAuthentication, typeof awkward]>([
  ['clientSecretBasic', clientSecretBasic('-_.~!*():s3cret'), { id: 'svc-main', secret: '-_.~!*():s3cret' }],
  ['clientSecretBasic, raw', clientSecretBasic(awkward.secret, { encoding: 'raw' }), awkward],
  ['clientSecretPost', clientSecretPost(awkward.secret), { ...awkward, id: 'a:b%c d+e' }],
])('@node-oauth/oauth2-server grants a token by %s [F3 R-09]', async (_name, clientAuthentication, known) => {
  const tokens = await serve(known, clientAuthentication);

  const token = await tokens.getToken({ scope: 'orders:read' });

  expect(token).toMatchObject({ scope: 'orders:read', value: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test('@node-oauth/oauth2-server, which does not decode, rejects an encoded secret; the error names the encoding [F3]', async () => {
  const tokens = await serve(awkward, clientSecretBasic(awkward.secret));

  const error = await failureOf(tokens.getToken());

  expect(error).toBeInstanceOf(GrantRejectedError);
  expect(error).toMatchObject({ error: 'invalid_client', message: expect.stringContaining('"form" or "raw"') });
});
