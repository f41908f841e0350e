import { expect, test } from '@jest/globals';

import { postToken } from '../../examples/tour/servers/post-token.js';
import { type FetchTokenOptions, withBearerToken } from '../../src/adapters/fetch/index.js';
import { clientSecretBasic } from '../../src/authentication/client-secret.js';
import { ConfigurationError, GrantRejectedError } from '../../src/core/errors.js';
import { failureOf } from '../support/grant-outcome.js';
import { authentications, clientIdOf, credentials, type Method, wrongCredentials } from './clients.js';
import type { ForeignServerTests } from './describe-foreign-server.js';

/** Options of {@link grantContract}. */
export interface GrantContractOptions {
  /** The methods that the token endpoint accepts. */
  readonly methods: readonly Method[];
  /** The members of the error for wrong credentials. */
  readonly rejection: (method: Method) => { readonly status: number; readonly error: string | undefined };
}

/** Tests of grants by the token endpoint. */
export function grantContract(
  { server, serviceFor }: ForeignServerTests,
  { methods, rejection }: GrantContractOptions,
): void {
  test.each(methods)('grants a token by %s [R-44]', async (method) => {
    const token = await serviceFor(method).getToken();

    expect(token.scope).toBe('orders:read');
    expect(await server().introspect(token.value)).toMatchObject({ active: true, scope: 'orders:read' });
  });

  test.each(methods)('rejects wrong credentials by %s; the error says what to check [A31 A35]', async (method) => {
    const clientAuthentication = authentications[method](wrongCredentials);

    const error = await failureOf(serviceFor(method, { clientAuthentication }).getToken());

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({ ...rejection(method), message: expect.stringMatching(advice[method]) });
  });
}

const advice: Readonly<Record<Method, RegExp>> = {
  client_secret_basic: /check .*the client id and (the )?secret/,
  client_secret_post: /check .*the client id and (the )?secret/,
  client_secret_jwt: /the assertion was signed with HS256 /,
  private_key_jwt: /the assertion was signed with ES256 with the key id "k1" /,
};

/** Tests of grants by the issuer. */
export function discoveryContract(
  { server, serviceFor }: ForeignServerTests,
  { methods }: { readonly methods: readonly Method[] },
): void {
  test.each(methods)('grants a token by its issuer and %s [A38 R-57 R-60 R-61]', async (method) => {
    const { value } = await serviceFor(method, { issuer: server().issuer }).getToken();

    expect(await server().introspect(value)).toMatchObject({ active: true });
  });

  test('has metadata of another issuer if a slash is added; the error says so [A38 R-58]', async () => {
    const tokens = serviceFor('client_secret_basic', { issuer: `${server().issuer}/` });

    const error = await failureOf(tokens.getToken());

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain('they differ only in the trailing slash');
  });
}

/** Tests of client assertions at a server that accepts only its token endpoint as their audience. */
export function audienceContract(
  { server, serviceFor }: ForeignServerTests,
  { methods }: { readonly methods: readonly Method[] },
): void {
  test.each(methods)(
    'rejects an assertion for its issuer by %s; the error names the audience and the option [R-45]',
    async (method) => {
      const { issuer } = server();
      const clientAuthentication = authentications[method](credentials);

      const error = await failureOf(serviceFor(method, { issuer, clientAuthentication }).getToken());

      expect(error).toBeInstanceOf(GrantRejectedError);
      expect(String(error)).toMatch(new RegExp(`for the audience ${issuer}(?!/).*"audience"`));
    },
  );
}

/** Tests of `revoke`, for the methods that the revocation endpoint accepts. */
export function revocationContract(
  { server, serviceFor }: ForeignServerTests,
  { methods }: { readonly methods: readonly Method[] },
): void {
  test.each(methods)('revokes the cached tokens by %s [R-76 R-78]', async (method) => {
    const tokens = serviceFor(method);
    const { value } = await tokens.getToken();

    const isRevoked = await tokens.revoke();

    expect(isRevoked).toBe(true);
    expect(await server().introspect(value)).toMatchObject({ active: false });
    expect(await server().introspect((await tokens.getToken()).value)).toMatchObject({ active: true });
  });
}

/** The test of a client secret that is rotated. */
export function rotationContract({ server, serviceFor }: ForeignServerTests): void {
  test('grants a token after the rejected secret was read anew [A7 F1]', async () => {
    const secrets = [wrongCredentials.secret];
    const clientAuthentication = clientSecretBasic(() => secrets.pop() ?? credentials.secret);
    const tokens = serviceFor('client_secret_basic', { clientAuthentication });

    const { value } = await tokens.getToken();

    expect(await server().introspect(value)).toMatchObject({ active: true });
  });
}

/** Calls the API of the server, revokes the token without the knowledge of the token service, and calls the API again. */
export async function callAfterRevocation(
  { server, serviceFor }: ForeignServerTests,
  options: Pick<FetchTokenOptions, 'isRejected'> = {},
) {
  const { api = '', revocationEndpoint } = server();
  const tokens = serviceFor('client_secret_basic');
  const events: string[] = [];
  const onEvent = ({ type }: { readonly type: string }) => events.push(type);
  const authorizedFetch = withBearerToken(fetch, tokens, { origins: [new URL(api).origin], onEvent, ...options });

  const before = await authorizedFetch(api);
  const { value } = await tokens.getToken();
  await postToken(revocationEndpoint, value, { id: clientIdOf('client_secret_basic'), secret: credentials.secret });
  const after = await authorizedFetch(api);
  return { statuses: [before.status, after.status], events };
}
