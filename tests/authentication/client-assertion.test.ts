import { describe, expect, test } from '@jest/globals';

import type { ClientAssertionOptions } from '../../src/authentication/client-assertion.js';
import { authenticatorOf, type ClientAuthentication } from '../../src/authentication/client-authentication.js';
import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { systemClock } from '../../src/core/clock.js';
import { ConfigurationError } from '../../src/core/errors.js';
import type { ClientCredentialsOptions } from '../../src/grant/grant-options.js';
import { createTokenService } from '../../src/service/token-service.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { assertionIn, parametersIn } from '../support/client-assertions.js';
import { fakeClock } from '../support/clock.js';
import { granting, linesThatShow } from '../support/grant-outcome.js';
import type { RecordedRequest } from '../support/http-server.js';
import { signingKey } from '../support/signing-keys.js';

const key = await signingKey('ES256');
const byKey = (options: ClientAssertionOptions = {}) =>
  privateKeyJwt({ key: { ...key.privateJwk, kid: 'key-1' }, ...options });

describe('a client assertion', () => {
  test('is the only authentication, signed, and issued by the client about itself [R-43 R-44 R-08]', async () => {
    const server = await startAuthorizationServer();
    const { tokens, clock } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication: byKey() });

    await tokens.getToken({ scope: 'orders:read' });

    const [request] = server.grants;
    expect(request?.headers.authorization).toBeUndefined();
    expect(parametersIn(request as RecordedRequest)).toEqual({
      grant_type: 'client_credentials',
      scope: 'orders:read',
      client_id: 'orders',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: expect.any(String),
    });
    const { header, claims } = await assertionIn(request, key.publicKey);
    expect(header).toEqual({ alg: 'ES256', kid: 'key-1', typ: 'client-authentication+jwt' });
    const now = clock.now() / 1_000;
    expect(claims).toEqual({
      iss: 'orders',
      sub: 'orders',
      aud: server.tokenEndpoint,
      jti: expect.stringMatching(/^[\w-]{22,}$/),
      iat: now - 5,
      exp: now + 60,
    });
  });

  test('has the issuer as its audience, as one string, if an issuer is configured [R-45 R-88]', async () => {
    const server = await startAuthorizationServer({ metadata: {} });
    const { tokens } = granting({ issuer: server.origin, clientAuthentication: byKey() });

    await tokens.getToken();

    expect((await assertionIn(server.grants[0])).claims.aud).toBe(server.origin);
  });

  test('has the audience and type of the options, or no type [R-45 R-46]', async () => {
    const server = await startAuthorizationServer({ metadata: {} });
    const issue = async (options: ClientAssertionOptions) => {
      await granting({ issuer: server.origin, clientAuthentication: byKey(options) }).tokens.getToken();
      return assertionIn(server.grants.at(-1), key.publicKey);
    };

    const legacy = await issue({ audience: server.tokenEndpoint, typ: 'JWT' });
    const untyped = await issue({ typ: false });

    expect(legacy).toMatchObject({ header: { typ: 'JWT' }, claims: { aud: server.tokenEndpoint } });
    expect(untyped.header).toEqual({ alg: 'ES256', kid: 'key-1' });
  });

  test('is backdated by a few seconds and has no start time [R-93]', async () => {
    const server = await startAuthorizationServer();
    const { tokens, clock } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication: byKey() });

    await tokens.getToken();

    const { claims } = await assertionIn(server.grants[0]);
    expect(claims.iat).toBe(clock.now() / 1_000 - 5);
    expect(claims.nbf).toBeUndefined();
  });

  test('is signed for each attempt, so that a server that detects replays accepts a retry [A23 R-47 B2]', async () => {
    const server = await startAuthorizationServer();
    const known = new Set<unknown>();
    const answers = [{ status: 503 }, { status: 500 }];
    server.script(async (request) => {
      const { claims } = await assertionIn(request, key.publicKey);
      if (known.has(claims.jti)) return refused('invalid_client', { status: 401 });
      known.add(claims.jti);
      return answers.shift() ?? granted('t');
    });
    const clock = fakeClock();
    const tokens = createTokenService({
      tokenEndpoint: server.tokenEndpoint,
      clientId: 'orders',
      clientAuthentication: byKey(),
      clock: { ...clock, sleep: async () => {} },
    });

    const token = await tokens.getToken();

    expect(token.value).toBe('t');
    expect(known.size).toBe(3);
  });

  test('is signed again when a grant sends its request again [A22 R-47]', async () => {
    const server = { issuer: 'https://auth.example' };
    const prepared = await authenticatorOf(byKey()).prepare('orders', server);
    const send = async () => {
      const body = new URLSearchParams();
      await (prepared.authenticate(server, { client_id: 'orders' }, body, new Headers()) as unknown);
      return body.get('client_assertion');
    };

    const [first, second] = [await send(), await send()];

    expect(first).not.toBe(second);
    expect(prepared.secrets).toEqual([first, second]);
  });

  test('appears in no error and no event, even if the server repeats it [R-24]', async () => {
    const server = await startAuthorizationServer();
    server.script((request) => refused('invalid_request', { description: `bad: ${parametersIn(request)['client_assertion']}` })); // prettier-ignore
    const { failure, events } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication: byKey() });

    const error = await failure();

    const { assertion } = await assertionIn(server.grants[0]);
    expect(String(error)).toContain('bad: [redacted]');
    expect(linesThatShow(assertion, [error, events])).toEqual([]);
  });

  test.each<[string, (by: ClientAssertionOptions) => ClientAuthentication, string]>([
    ['privateKeyJwt', byKey, 'privateKeyJwt'],
    ['clientSecretJwt', (options) => clientSecretJwt('s'.repeat(32), options), 'clientSecretJwt'],
  ])('of %s that is rejected names the other audience and its option [A48]', async (_what, authenticate, option) => {
    const server = await startAuthorizationServer({ metadata: {} });
    server.script(refused('invalid_client', { status: 401 }));
    const messageFor = async (options: Partial<ClientCredentialsOptions>) => String(await granting(options).failure());
    const { origin: issuer, tokenEndpoint } = server;

    const byIssuer = await messageFor({ issuer, clientAuthentication: authenticate({}) });
    const toEndpoint = await messageFor({ issuer, clientAuthentication: authenticate({ audience: tokenEndpoint }) });
    const byEndpoint = await messageFor({ tokenEndpoint, clientAuthentication: authenticate({}) });

    expect(byIssuer).toContain(
      `the server may want its token endpoint as the audience: set "audience" of ${option} to "${tokenEndpoint}"`,
    );
    expect(toEndpoint).toContain(
      `the server may want its issuer as the audience: set "audience" of ${option} to "${issuer}"`,
    );
    expect(byEndpoint).toMatch(
      new RegExp(`the server may want its issuer as the audience: set "audience" of ${option}$`),
    );
  });

  test('that is rejected keeps the query of the token endpoint, which may hold a key, to itself [A48 F15]', async () => {
    const server = await startAuthorizationServer();
    server.script(refused('invalid_client', { status: 401 }));
    const tokenEndpoint = `${server.tokenEndpoint}?code=k3y-in-query`;

    const error = await granting({ tokenEndpoint, clientAuthentication: byKey() }).failure();

    expect(linesThatShow('k3y-in-query', error)).toEqual([]);
  });

  test('that is rejected is described in the error: algorithm, key id and audience', async () => {
    const server = await startAuthorizationServer();
    server.script(refused('invalid_client', { status: 401 }));
    // The responses are dated by the real time.
    const options = { tokenEndpoint: server.tokenEndpoint, clientAuthentication: byKey(), clock: systemClock };
    const { failure } = granting(options);

    const error = await failure();

    expect(String(error)).toContain(
      `signed with ES256 with the key id "key-1" for the audience ${server.tokenEndpoint}`,
    );
    expect(server.grants).toHaveLength(1);
  });

  test.each([
    [{ audience: '' }, /"audience" of privateKeyJwt must be a non-empty string/],
    [{ audience: ['a', 'b'] }, /"audience" of privateKeyJwt must be a non-empty string/],
    [{ typ: true }, /"typ" of privateKeyJwt must be a non-empty string or false/],
    [{ audiance: 'a' }, /no option "audiance"; did you mean "audience"\?/],
  ])('refuses the options %j [F10]', (options, message) => {
    const make = () => byKey(options as ClientAssertionOptions);

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });

  test('has the issuer as its audience with the profile "fapi2" [R-88]', async () => {
    const server = { issuer: 'https://auth.example' };
    const prepare = () =>
      authenticatorOf(byKey({ audience: 'https://auth.example/token' })).prepare('orders', server, {
        profile: 'fapi2',
      });

    await expect(prepare).rejects.toThrow(
      'requires the issuer as the audience of client assertions, not https://auth.example/token',
    );
  });
});

describe('a clock that is an hour behind [R-92]', () => {
  /** An authorization server that checks the time of assertions by a clock that is an hour ahead of the client's. */
  async function aheadOf(clientClock: { now(): number }) {
    const server = await startAuthorizationServer();
    const serverNow = () => clientClock.now() + 3_600_000;
    server.script(async (request) => {
      const { claims } = await assertionIn(request, key.publicKey);
      const isCurrent = claims.exp! * 1_000 > serverNow() && claims.iat! * 1_000 <= serverNow() + 10_000;
      const answer = isCurrent ? granted('t') : refused('invalid_client', { status: 401 });
      return { ...answer, headers: { date: new Date(serverNow()).toUTCString() } };
    });
    return server;
  }

  test('is corrected by the date of the error response, for later grants too', async () => {
    const clock = fakeClock();
    const server = await aheadOf(clock);
    const options = { tokenEndpoint: server.tokenEndpoint, clientAuthentication: byKey(), clock };
    const { tokens } = granting(options);

    const token = await tokens.getToken();
    await tokens.getToken();

    expect(token.value).toBe('t');
    expect(server.grants).toHaveLength(3);
  });

  test('of a gateway that dates successful responses is ignored', async () => {
    const server = await startAuthorizationServer();
    const clock = fakeClock();
    const date = () => new Date(clock.now() + 3_600_000).toUTCString();
    server.script(async (request) => {
      const { claims } = await assertionIn(request, key.publicKey);
      const answer = claims.iat === clock.now() / 1_000 - 5 ? granted('t') : refused('invalid_client', { status: 401 });
      return { ...answer, headers: { date: date() } };
    });
    const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication: byKey(), clock });

    await tokens.getToken();
    await tokens.getToken();

    expect(server.grants).toHaveLength(2);
  });

  test('causes one repetition only', async () => {
    const clock = fakeClock();
    const server = await aheadOf(clock);
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication: byKey(), clock });
    server.script(() => ({
      ...refused('invalid_client', { status: 401 }),
      headers: { date: new Date(clock.now() + server.grants.length * 3_600_000).toUTCString() },
    }));

    await failure();

    expect(server.grants).toHaveLength(2);
  });
});
