import { writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { describe, expect, test } from '@jest/globals';
import axios from 'axios';

import { bearerToken } from '../../src/adapters/axios/index.js';
import { authenticatorOf, type ClientAuthentication } from '../../src/authentication/client-authentication.js';
import type { ClientCertificateOptions } from '../../src/authentication/client-certificate.js';
import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { federatedAssertion } from '../../src/authentication/federated-assertion.js';
import { type MutualTls, mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { fromFile } from '../../src/authentication/secret.js';
import { ConfigurationError, GrantUnavailableError } from '../../src/core/errors.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService } from '../../src/service/token-service.js';
import { refused } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { parametersIn } from '../support/client-assertions.js';
import { clientCertificates } from '../support/client-certificates.js';
import { fakeClock } from '../support/clock.js';
import { granting } from '../support/grant-outcome.js';
import { listenTls, trustingFetch } from '../support/grant-tls.js';
import type { Answer } from '../support/http-server.js';
import { ca, type RecordedTlsRequest, startTlsServer, thumbprints } from '../support/mutual-tls.js';
import { signingKey } from '../support/signing-keys.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { settle } from '../support/tokens.js';

const { first, renewed, selfSigned, authority } = clientCertificates;

/**
 * An authorization server over https that binds its tokens to certificates: `1~<thumbprint>` is the first one. With `metadata`
 * it has an issuer. Beside it, an API that accepts a token only with the certificate that it is bound to.
 */
async function startServers(metadata?: object) {
  let script: ((answer: Answer) => Answer | Promise<Answer>) | undefined;
  let grants = 0;
  const server = await startTlsServer(({ path, thumbprint }): Answer | Promise<Answer> => {
    if (path.startsWith('/.well-known/')) {
      if (metadata === undefined) return { status: 404 };
      return { body: { issuer: server.origin, token_endpoint: `${server.origin}/token`, ...metadata } };
    }
    grants += 1;
    const granted = { access_token: `${grants}~${thumbprint}`, token_type: 'Bearer', expires_in: 600 };
    return script === undefined ? { body: granted } : script({ body: granted });
  });
  const api = await startTlsServer(({ headers, thumbprint }) => {
    const [, bound] = headers.authorization?.split('~') ?? [];
    return { status: thumbprint !== undefined && bound === thumbprint ? 200 : 401, body: {} };
  });
  return {
    ...server,
    api,
    posts: () => server.requests.filter(({ method }) => method === 'POST'),
    script: (answer: NonNullable<typeof script>) => void (script = answer),
  };
}

/** A certificate and a key in files, and a function that replaces both. */
async function inFiles() {
  const folder = await temporaryFolder();
  const [certificate, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const install = async (pair: typeof first) => {
    await writeFile(certificate, pair.certificate);
    await writeFile(key, pair.key);
  };
  await install(first);
  return { install, certificate: fromFile(certificate), key: fromFile(key), ca };
}

/** A service with this client authentication. */
function serve(clientAuthentication: MutualTls, options: Partial<TokenServiceOptions>) {
  cleanUp(() => clientAuthentication.agent.destroy());
  const clock = fakeClock();
  const tokens = createTokenService({
    clientId: 'orders',
    clientAuthentication,
    clock: { ...clock, sleep: async () => {} },
    random: () => 0.5,
    ...options,
  });
  return { clock, tokens };
}

describe('mutual TLS', () => {
  test.each([
    ['tls_client_auth', first, thumbprints.first],
    ['self_signed_tls_client_auth', selfSigned, thumbprints.selfSigned],
  ])('by %s sends the client id in the body, and no secret [R-49 R-08]', async (method, pair, thumbprint) => {
    const { origin, posts } = await startServers({ token_endpoint_auth_methods_supported: [method] });
    const clientAuthentication = mutualTls({ ...pair, ca });
    const { tokens } = granting({ issuer: origin, clientAuthentication, fetch: trustingFetch });

    await tokens.getToken();

    expect(posts().map(parametersIn)).toEqual([{ grant_type: 'client_credentials', client_id: 'orders' }]);
    expect(posts()).toMatchObject([{ thumbprint, headers: expect.not.objectContaining({ authorization: '' }) }]);
  });

  test('uses the token endpoint for mutual TLS if the metadata list one [R-50 R-89]', async () => {
    const aliases = { token_endpoint: '' };
    const { origin, posts } = await startServers({ mtls_endpoint_aliases: aliases });
    aliases.token_endpoint = `${origin}/mtls/token`;
    const clientAuthentication = mutualTls({ ...first, ca });
    const { tokens } = granting({ issuer: origin, clientAuthentication, fetch: trustingFetch });

    await tokens.getToken();

    expect(posts().map(({ path }) => path)).toEqual(['/mtls/token']);
  });

  test.each<[string, () => Promise<ClientAuthentication>, string | undefined]>([
    ['privateKeyJwt', async () => privateKeyJwt({ key: (await signingKey()).privateKey }), 'client_assertion'],
    ['clientSecretJwt', async () => clientSecretJwt('s'.repeat(32)), 'client_assertion'],
    ['clientSecretPost', async () => clientSecretPost('s3cret'), 'client_secret'],
    ['federatedAssertion', async () => federatedAssertion(() => 'assertion'), 'client_assertion'],
    ['clientSecretBasic', async () => clientSecretBasic('s3cret'), undefined],
  ])(
    'uses that endpoint too if %s authenticates and the certificate only binds [A54 R-50 R-51]',
    async (_name, make, parameter) => {
      const aliases = { token_endpoint: '' };
      const { origin, posts } = await startServers({ mtls_endpoint_aliases: aliases });
      aliases.token_endpoint = `${origin}/mtls/token`;
      const clientAuthentication = mutualTls({ ...first, ca, clientAuthentication: await make() });
      const { tokens } = granting({ issuer: origin, clientAuthentication, fetch: trustingFetch });

      const token = await tokens.getToken();

      expect(token.certificateThumbprint).toBe(thumbprints.first);
      expect(posts()).toMatchObject([{ path: '/mtls/token', thumbprint: thumbprints.first }]);
      const [request] = posts() as [RecordedTlsRequest];
      expect(Object.keys(parametersIn(request))).toEqual(
        expect.arrayContaining(parameter === undefined ? [] : [parameter]),
      );
      expect(request.headers.authorization !== undefined).toBe(parameter === undefined);
    },
  );

  test('keeps the secret of the other client authentication out of messages [A54 F4]', async () => {
    const { origin, script } = await startServers();
    script(() => refused('invalid_client', { status: 401, description: 'not s3cret-value' }));
    const clientAuthentication = mutualTls({ ...first, ca, clientAuthentication: clientSecretPost('s3cret-value') });

    const error = await granting({ tokenEndpoint: `${origin}/token`, clientAuthentication }).failure();

    expect(error).toMatchObject({ error: 'invalid_client', errorDescription: 'not [redacted]' });
  });

  test('discovers that endpoint again if it was moved [A26]', async () => {
    const aliases = { token_endpoint: '' };
    const { origin, posts, script } = await startServers({ mtls_endpoint_aliases: aliases });
    aliases.token_endpoint = `${origin}/old`;
    script((answer) => {
      if (posts().length > 1) return answer;
      aliases.token_endpoint = `${origin}/new`;
      return { status: 404 };
    });
    const clientAuthentication = mutualTls({ ...first, ca });
    const { tokens } = granting({ issuer: origin, clientAuthentication, fetch: trustingFetch });

    await tokens.getToken();

    expect(posts().map(({ path }) => path)).toEqual(['/old', '/new']);
  });

  test('sends nothing to such an endpoint over http [R-27]', async () => {
    const aliases = { token_endpoint: 'http://auth.example/token' };
    const { origin } = await startServers({ mtls_endpoint_aliases: aliases });
    const clientAuthentication = mutualTls({ ...first, ca });
    const { failure } = granting({ issuer: origin, clientAuthentication, fetch: trustingFetch });

    expect(await failure()).toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining('only https'),
    });
  });

  test('names the rejected certificate', async () => {
    const { origin, script } = await startServers();
    script(() => refused('invalid_client', { status: 401 }));
    const { failure } = granting({
      tokenEndpoint: `${origin}/token`,
      clientAuthentication: mutualTls({ ...first, ca }),
    });

    const error = await failure();

    expect(String(error)).toContain(
      `the certificate of O=Example, CN=orders was presented (x5t#S256 ${thumbprints.first})`,
    );
  });

  test('reports that the server does not accept the certificate [B1]', async () => {
    const port = await listenTls(() => undefined, { requestCert: true, ca: authority });
    const clientAuthentication = mutualTls({ ...selfSigned, ca });
    const { failure } = granting({ tokenEndpoint: `https://localhost:${port}/token`, clientAuthentication });

    const error = await failure();

    // With TLS 1.3, the connection may break before the alert arrives.
    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(String(error)).toMatch(/does not accept the client certificate|ECONNRESET|EPIPE/);
  });

  test.each([
    [{ certificate: '', key: first.key }, /"certificate" of mutualTls must be a non-empty string or a function/],
    [{ certificate: first.certificate }, /the key of mutualTls must be a non-empty string or a function/],
    [{ ...first, key: renewed.key }, /the private key does not belong to the client certificate/],
    [{ cert: first.certificate, key: first.key }, /mutualTls has no option "cert"/],
  ])('rejects options that do not fit: %# [F10 F6]', (options, message) => {
    const make = () => mutualTls(options as ClientCertificateOptions);

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });

  test('does not show the key, nor does its agent after use [F4]', async () => {
    const { origin, api } = await startServers();
    const clientAuthentication = mutualTls({ ...first, ca });
    const { tokens } = serve(clientAuthentication, { tokenEndpoint: `${origin}/token` });
    const client = axios.create({ baseURL: api.origin, httpsAgent: clientAuthentication.agent });
    await tokens.getToken();

    const { config } = await client.get('/', { validateStatus: () => true });

    for (const customInspect of [true, false]) {
      const shown = inspect([clientAuthentication, config, tokens], {
        depth: Infinity,
        showHidden: true,
        customInspect,
      });
      expect(shown).toContain('secureContext');
      expect(shown).not.toContain(first.key.slice(40, 80));
    }
  });
});

describe('a token that is bound to a certificate [F8 R-51 R-63]', () => {
  /** A service with its certificate in files, and an axios instance that presents the same certificate. */
  async function withApi() {
    const { install, ...files } = await inFiles();
    const servers = await startServers();
    const authentication = mutualTls(files);
    agentTrusts(authentication);
    let tellOfGrant: (() => void) | undefined;
    const { clock, tokens } = serve(authentication, {
      tokenEndpoint: `${servers.origin}/token`,
      onEvent: ({ type }) => void (type === 'grant.succeeded' && tellOfGrant?.()),
    });
    // Resolves after the next grant, when its token is cached.
    const granted = () => new Promise<void>((resolve) => (tellOfGrant = resolve)).then(settle);
    const client = axios.create({ baseURL: servers.api.origin, httpsAgent: authentication.agent });
    client.interceptors.request.use(bearerToken(tokens));
    return { ...servers, install, clock, tokens, client, authentication, granted };
  }

  // The agent must trust the certificate of the API.
  const agentTrusts = ({ agent }: MutualTls) => void (agent.options.ca = ca);

  test('is presented with that certificate', async () => {
    const { client, api, authentication } = await withApi();

    const { status } = await client.get('/orders');

    expect(status).toBe(200);
    expect(api.requests).toMatchObject([{ thumbprint: thumbprints.first }]);
    expect(await authenticatorOf(authentication).certificateThumbprint?.()).toBe(thumbprints.first);
  });

  test('is presented with that certificate until the renewed one has a token, and with the renewed one from then on', async () => {
    const { client, api, clock, install, script, granted } = await withApi();
    await client.get('/1');
    await install(renewed);
    let isOut = true;
    script((answer) => (isOut ? { status: 503 } : answer));

    // The token is due, and the authorization server is not available.
    clock.advance(500_000);
    await client.get('/2');
    await client.get('/3');
    isOut = false;
    clock.advance(60_000);
    const renewal = granted();
    await client.get('/4');
    await renewal;
    await client.get('/5');

    // None of them was a 401 with a resend.
    expect(api.requests.map(({ path, thumbprint }) => [path, thumbprint])).toEqual([
      ['/1', thumbprints.first],
      ['/2', thumbprints.first],
      ['/3', thumbprints.first],
      ['/4', thumbprints.first],
      ['/5', thumbprints.renewed],
    ]);
  });

  test('is dropped, whatever its scope, when another certificate is presented', async () => {
    const { tokens, clock, install, posts } = await withApi();
    const read = { scope: 'orders:read' };
    const before = await tokens.getToken(read);
    clock.advance(60_000);
    await install(renewed);

    const other = await tokens.getToken({ scope: 'orders:write' });
    const after = await tokens.getToken(read);

    expect(before.certificateThumbprint).toBe(thumbprints.first);
    expect(other.certificateThumbprint).toBe(thumbprints.renewed);
    expect(after.value).toBe(`3~${thumbprints.renewed}`);
    expect(await tokens.getToken(read)).toBe(after);
    expect(posts()).toHaveLength(3);
  });

  test('is requested with the renewed certificate at once if the old one is rejected [A7 F1]', async () => {
    const { tokens, install, script, posts } = await withApi();
    script(async (answer) => {
      if (posts().length > 1) return answer;
      await install(renewed);
      return refused('invalid_client', { status: 401 });
    });

    const token = await tokens.getToken();

    expect(token.certificateThumbprint).toBe(thumbprints.renewed);
    expect(posts().map(({ thumbprint }) => thumbprint)).toEqual([thumbprints.first, thumbprints.renewed]);
  });

  test('does not share connections to the API with another certificate', async () => {
    const { authentication, api } = await withApi();
    const prepare = () => authenticatorOf(authentication).prepare('orders', { issuer: 'https://auth.example' });
    const ask = () =>
      new Promise<void>((resolve, reject) => {
        get(api.origin, { agent: authentication.agent }, (reply) => reply.resume().once('end', resolve)).once(
          'error',
          reject,
        );
      });

    await ask();
    authenticatorOf(authentication).useCertificate?.((await prepare()).certificateThumbprint);
    await ask();
    await ask();

    expect(api.requests.map(({ thumbprint }) => thumbprint)).toEqual([undefined, thumbprints.first, thumbprints.first]);
  });
});

test('the fingerprint changes with the files; fixed certificates have none [D2]', async () => {
  const { install, ...files } = await inFiles();
  const authentication = mutualTls(files);

  const before = await authenticatorOf(authentication).fingerprint();
  await install(renewed);

  expect(await authenticatorOf(authentication).fingerprint()).not.toBe(before);
  expect(await authenticatorOf(mutualTls({ ...first, ca })).fingerprint()).toBe('');
});

test('the certificate thumbprint is known before the first token', async () => {
  const { install, ...files } = await inFiles();
  const authentication = mutualTls(files);

  expect(await authenticatorOf(authentication).certificateThumbprint?.()).toBe(thumbprints.first);
  await install(renewed);
  expect(await authenticatorOf(authentication).certificateThumbprint?.()).toBe(thumbprints.renewed);
});
