import { describe, expect, test } from '@jest/globals';

import { type Answer, type HttpServer, startHttpServer } from '../support/http-server.js';
import { runProgram } from '../support/run-program.js';

/** An authorization server that is the API as well. It says with `grants` what its token endpoint answers. */
async function startBoth(grants?: Answer): Promise<HttpServer> {
  let granted = 0;
  const server = await startHttpServer(({ path, headers }): Answer => {
    const { origin } = server;
    if (path === '/.well-known/oauth-authorization-server') {
      return {
        body: { issuer: origin, token_endpoint: `${origin}/token`, revocation_endpoint: `${origin}/revoke` },
      };
    }
    if (path === '/revoke') return {};
    if (path === '/token') {
      granted += 1;
      return grants ?? { body: { access_token: `token-${granted}`, token_type: 'Bearer', expires_in: 3600 } };
    }
    return { status: headers.authorization === `Bearer token-${granted}` ? 200 : 401 };
  });
  return server;
}

const ways = ['fetch', 'dispatcher'].flatMap((way) =>
  ['basic', 'post', 'jwt'].flatMap((authentication) =>
    ['issuer', 'endpoint'].map((server) => [way, authentication, server] as const),
  ),
);

async function run({ origin }: HttpServer, ...argv: readonly string[]): Promise<unknown> {
  const { stdout, stderr, exitCode } = await runProgram('tests/adapters/global-program.ts', {
    argv: [origin, ...argv],
  });
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return JSON.parse(stdout);
}

describe('with an authorized global', () => {
  test.each(ways)(
    '%s, the requests of the library carry no token (%s, by %s), and all others do [E30]',
    async (...argv) => {
      const server = await startBoth();

      const outcome = await run(server, ...argv);

      expect(outcome).toEqual({ first: 200, isRevoked: true, second: 200, underWay: 0 });
      const paths = server.requests.map(({ path }) => path).filter((path) => !path.includes('.well-known'));
      expect(paths).toEqual(['/token', '/orders', '/revoke', '/token', '/orders']);
      expect(server.requests.filter(isAuthorized).map(({ path }) => path)).toEqual(['/orders', '/orders']);
    },
  );

  test.each(ways)('%s, a grant that fails is the error of the request (%s, by %s) [E30 E13]', async (...argv) => {
    const server = await startBoth({ status: 400, body: { error: 'invalid_scope' } });

    const outcome = await run(server, ...argv);

    expect(outcome).toEqual({
      first: 'ERR_GRANT_REJECTED',
      isRevoked: true,
      second: 'ERR_GRANT_REJECTED',
      underWay: 0,
    });
    expect(server.requests.filter(({ path }) => path === '/orders')).toEqual([]);
  });
});

const isAuthorized = ({ headers }: HttpServer['requests'][number]): boolean =>
  headers.authorization?.startsWith('Bearer') === true;
