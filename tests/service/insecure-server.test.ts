import { describe, expect, test } from '@jest/globals';

import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { ConfigurationError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { dangerouslyAllowHttp } from '../../src/core/insecure-url.js';
import { dpop } from '../../src/grant/dpop.js';
import { tokenServiceFromEnvironment } from '../../src/service/environment.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService } from '../../src/service/token-service.js';
import { memoryStore } from '../../src/stores/memory.js';
import { granted, startAuthorizationServer } from '../support/authorization-server.js';
import { clientCertificates } from '../support/client-certificates.js';
import { failureOf, granting, secret } from '../support/grant-outcome.js';
import { trustingFetch } from '../support/grant-tls.js';
import { type HttpServer, outerAddress, startHttpServer } from '../support/http-server.js';
import { startTlsServer } from '../support/mutual-tls.js';
import { valueOf } from '../support/token-service.js';
import { collectNotable } from '../support/events.js';

const address = outerAddress;
const wellKnown = '/.well-known/oauth-authorization-server';
const client = { clientId: 'orders', clientSecret: secret, retry: { retries: 0 } };

/** A token service that reports its events. */
function serve(options: Partial<TokenServiceOptions>) {
  const events: TokenEvent[] = [];
  const onEvent = collectNotable(events);
  return { tokens: createTokenService({ ...client, onEvent, ...options }), events };
}

/** An issuer on another address whose metadata have these members. */
async function startIssuer(members: (origin: string) => object): Promise<HttpServer> {
  const server: HttpServer = await startHttpServer(({ path }) => {
    if (path === wellKnown) {
      return { body: { issuer: server.origin, token_endpoint: `${server.origin}/token`, ...members(server.origin) } };
    }
    return path === '/token' ? granted('token-1') : { status: 200 };
  }, address);
  return server;
}

const pathsOf = ({ requests }: HttpServer) => requests.map(({ method, path }) => `${method} ${path}`);

describe('a token service that is allowed http', () => {
  test('asks for a token at a token endpoint on another machine, and says so by one event [G1]', async () => {
    const server = await startAuthorizationServer({ address });
    const { tokens, events } = serve({
      tokenEndpoint: dangerouslyAllowHttp(server.tokenEndpoint),
      revocationEndpoint: dangerouslyAllowHttp(`${server.origin}/revoke`),
    });
    expect(events).toMatchObject([{ type: 'http.allowed', origins: [server.origin] }]);

    expect(await valueOf(tokens)).toBe('token-1');
    await tokens.revoke();

    expect(pathsOf(server)).toEqual(['POST /token', 'POST /revoke']);
    expect(events.filter(({ type }) => type === 'http.allowed')).toHaveLength(1);
  });

  test('reads the metadata of an issuer and uses its endpoints on the same origin [G1]', async () => {
    const server = await startIssuer((origin) => ({ revocation_endpoint: `${origin}/revoke` }));
    const { tokens, events } = serve({ issuer: dangerouslyAllowHttp(server.origin) });

    expect(await valueOf(tokens)).toBe('token-1');
    expect(await tokens.revoke()).toBe(true);

    expect(pathsOf(server)).toEqual([`GET ${wellKnown}`, 'POST /token', 'POST /revoke']);
    expect(events[0]).toMatchObject({ type: 'http.allowed', origins: [server.origin] });
  });

  test('sends nothing to a token endpoint that its metadata name on another http origin [G1]', async () => {
    const other = await startAuthorizationServer({ address });
    const server = await startIssuer(() => ({ token_endpoint: other.tokenEndpoint }));
    const { tokens } = serve({ issuer: dangerouslyAllowHttp(server.origin) });

    const error = await failureOf(tokens.getToken());

    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain(
      `set tokenEndpoint: dangerouslyAllowHttp('${other.tokenEndpoint}') instead of "issuer"`,
    );
    expect(other.requests).toEqual([]);
  });

  test('sends no token to a revocation endpoint that its metadata name on another http origin [G1]', async () => {
    const other = await startHttpServer(() => ({ status: 200 }), address);
    const server = await startIssuer(() => ({ revocation_endpoint: `${other.origin}/revoke` }));
    const { tokens, events } = serve({ issuer: dangerouslyAllowHttp(server.origin) });
    await tokens.getToken();

    expect(await tokens.revoke()).toBe(false);

    expect(events.at(-1)).toMatchObject({
      type: 'revocation.failed',
      error: { code: 'ERR_CONFIGURATION', message: expect.stringContaining('dangerouslyAllowHttp') },
    });
    expect(other.requests).toEqual([]);
  });

  test('does not follow metadata or a grant to another http origin [G1 A21 A47]', async () => {
    const other = await startAuthorizationServer({ address, metadata: {} });
    const server = await startHttpServer(
      ({ path }) => ({ status: 307, headers: { location: `${other.origin}${path}` } }),
      address,
    );

    const issuer = dangerouslyAllowHttp(server.origin);
    expect(await failureOf(serve({ issuer }).tokens.getToken())).toBeInstanceOf(ConfigurationError);
    const tokenEndpoint = dangerouslyAllowHttp(`${server.origin}/token`);
    await failureOf(serve({ tokenEndpoint }).tokens.getToken());

    expect(server.requests.map(({ path }) => path)).toContain('/token');
    expect(other.requests).toEqual([]);
  });

  test('does not get there from an https issuer, whatever else is allowed [G1]', async () => {
    const other = await startAuthorizationServer({ address });
    let origin = '';
    const server = await startTlsServer(() => ({ body: { issuer: origin, token_endpoint: other.tokenEndpoint } }));
    ({ origin } = server);
    // The innermost layer takes both options. The issuer decides.
    const tokenEndpoint = dangerouslyAllowHttp(other.tokenEndpoint);
    const { failure } = granting({ issuer: origin, tokenEndpoint, fetch: trustingFetch });

    const error = await failure();

    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain(`name the token endpoint ${other.tokenEndpoint}`);
    expect(other.requests).toEqual([]);
  });

  test('shares its tokens with replicas by the URL [G1]', async () => {
    const store = memoryStore();
    const [server, other] = [await startAuthorizationServer({ address }), await startAuthorizationServer({ address })];
    const replicaOf = ({ tokenEndpoint }: typeof server) =>
      serve({ tokenEndpoint: dangerouslyAllowHttp(tokenEndpoint), store }).tokens;

    await replicaOf(server).ready();
    await replicaOf(server).ready();
    await replicaOf(other).ready();

    expect(server.grants).toHaveLength(1);
    expect(other.grants).toHaveLength(1);
  });
});

describe('http to another machine', () => {
  test.each(['issuer', 'tokenEndpoint', 'revocationEndpoint'] as const)(
    'is refused as %s, with the line that allows it [G1 R-27]',
    (name) => {
      const options = { ...(name === 'revocationEndpoint' && { tokenEndpoint: dangerouslyAllowHttp('http://auth') }) };

      expect(() => serve({ ...options, [name]: 'http://auth/a' })).toThrow(
        expect.objectContaining({
          code: 'ERR_CONFIGURATION',
          message: expect.stringContaining(`set ${name}: dangerouslyAllowHttp('http://auth/a')`),
        }),
      );
    },
  );

  test('is what a name below localhost is [G1]', () => {
    expect(() => serve({ issuer: 'http://auth.localhost' })).toThrow(/must be an https URL/);
  });

  test.each(['http://me:pw@auth', 'http://auth/#part', 'http://auth/ '])(
    'is checked as any other URL: %j [G1]',
    (url) => {
      expect(() => serve({ issuer: dangerouslyAllowHttp(url) })).toThrow(ConfigurationError);
      expect(() => serve({ issuer: dangerouslyAllowHttp(url) })).not.toThrow(/pw/);
    },
  );

  test('is not combined with a client certificate [G1]', () => {
    const issuer = dangerouslyAllowHttp('http://auth');
    const clientAuthentication = mutualTls({ ...clientCertificates.first });

    expect(() => createTokenService({ issuer, clientId: 'orders', clientAuthentication })).toThrow(
      /dangerouslyAllowHttp cannot be combined with a client certificate/,
    );
  });

  test('is refused by the profile "fapi2" [G1]', () => {
    const clientAuthentication = privateKeyJwt({ key: clientCertificates.first.key });
    const options = { clientId: 'orders', clientAuthentication, dpop: dpop(), profile: 'fapi2' } as const;

    expect(() => createTokenService({ ...options, issuer: dangerouslyAllowHttp('http://auth') })).toThrow(
      /"fapi2" requires https/,
    );
  });
});

describe('OAUTH_DANGEROUSLY_ALLOW_HTTP', () => {
  const environment = { OAUTH_CLIENT_ID: 'orders', OAUTH_CLIENT_SECRET: secret };

  test.each(['OAUTH_ISSUER', 'OAUTH_TOKEN_ENDPOINT'])('allows http to the origin of %s [G1]', async (name) => {
    const server = await startAuthorizationServer({ address, metadata: {} });
    const url = name === 'OAUTH_ISSUER' ? server.origin : server.tokenEndpoint;

    const tokens = tokenServiceFromEnvironment(
      {},
      { ...environment, [name]: url, OAUTH_DANGEROUSLY_ALLOW_HTTP: `http://orders  ${server.origin}` },
    );

    expect(await valueOf(tokens)).toBe('token-1');
  });

  test('allows no other origin, and no URL of an option [G1]', () => {
    const variables = { ...environment, OAUTH_DANGEROUSLY_ALLOW_HTTP: 'http://auth' };

    for (const url of ['http://auth:8080', 'http://auth.localhost']) {
      expect(() => tokenServiceFromEnvironment({}, { ...variables, OAUTH_ISSUER: url })).toThrow(
        /"issuer" must be an https URL/,
      );
    }
    expect(() => tokenServiceFromEnvironment({ issuer: 'http://auth' }, variables)).toThrow(/must be an https URL/);
  });

  test.each(['https://auth', 'http://auth/realms', 'http://me@auth', 'http://*', 'auth', 'true'])(
    'holds origins with http only, which %s is not [G1]',
    (value) => {
      const variables = { ...environment, OAUTH_ISSUER: 'https://auth', OAUTH_DANGEROUSLY_ALLOW_HTTP: value };

      expect(() => tokenServiceFromEnvironment({}, variables)).toThrow(
        expect.objectContaining({
          code: 'ERR_CONFIGURATION',
          message: expect.stringMatching(/^OAUTH_DANGEROUSLY_ALLOW_HTTP must hold origins such as "http:\/\/orders"/),
        }),
      );
    },
  );
});
