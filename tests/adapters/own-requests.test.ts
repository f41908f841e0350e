import { describe, expect, test } from '@jest/globals';
import { Agent, fetch as undiciFetch } from 'undici';

import { withBearerToken } from '../../src/adapters/fetch/index.js';
import { bearerTokenInterceptor } from '../../src/adapters/undici/index.js';
import { clientSecretPost } from '../../src/authentication/client-secret.js';
import type { TokenSource } from '../../src/core/token-source.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { staticToken } from '../../src/service/static-token.js';
import { createTokenService } from '../../src/service/token-service.js';
import { gate } from '../support/adapter-service.js';
import { granted } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { type Answer, type Handler, startHttpServer } from '../support/http-server.js';

const wellKnown = '/.well-known/oauth-authorization-server';
const underWay = (): number => {
  const requests = (globalThis as Record<symbol, unknown>)[Symbol.for('m2m-tokens.requests')] as Map<string, number>;
  return requests.size;
};

/** A `fetch` that presents tokens, made for one origin. */
type Make = (tokens: TokenSource, origin: string) => typeof fetch;

const clients: [string, Make][] = [
  ['fetch', (tokens, origin) => withBearerToken(fetch, tokens, { origins: [origin] })],
  [
    'undici',
    (tokens, origin) => {
      const agent = new Agent();
      cleanUp(() => agent.destroy());
      const dispatcher = agent.compose(bearerTokenInterceptor(tokens, { origins: [origin] }));
      return (async (url: string, init?: object) => {
        const reply = await undiciFetch(url, { ...init, dispatcher });
        // As of this realm, since the test runs in a context of its own.
        return new Response(await reply.text(), { status: reply.status, headers: [...reply.headers] });
      }) as typeof fetch;
    },
  ],
];

/** A `fetch` that presents the tokens of a token service, which sends its own requests through this very `fetch`. */
function circular(make: Make, origin: string, options: Partial<TokenServiceOptions> = {}): typeof fetch {
  const send = make({ getToken: (request, given) => tokens.getToken(request, given) }, origin);
  const tokens = createTokenService({
    tokenEndpoint: `${origin}/token`,
    clientId: 'orders',
    clientAuthentication: clientSecretPost('secret'),
    retry: { retries: 0 },
    fetch: send,
    ...options,
  });
  return send;
}

const api: Handler = ({ headers }) => ({ status: headers.authorization === 'Bearer token' ? 200 : 401 });
const statusOf = async (send: typeof fetch, url: string): Promise<unknown> =>
  send(url).then(
    ({ status }) => status,
    (error: Error & { code?: string }) => error.code ?? (error.cause as { code?: string } | undefined)?.code,
  );

describe.each(clients)('a token request through the %s that adds tokens', (_name, make) => {
  test.each([
    ['as the server names it', '127.0.0.1', '/token?tenant=a'],
    ['in another spelling', '127.1', '/a/../token?tenant=ä b'],
  ])('carries no token, with its URL %s [E30]', async (_what, hostname, path) => {
    const server = await startHttpServer((request, response) =>
      request.path.startsWith('/token') ? granted('token') : api(request, response),
    );
    const tokenEndpoint = server.origin.replace('127.0.0.1', hostname) + path;
    const send = circular(make, server.origin, { tokenEndpoint });

    expect(await statusOf(send, `${server.origin}/orders`)).toBe(200);

    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer token']);
    expect(underWay()).toBe(0);
  });

  test('carries no token after a redirect of the metadata [E30 A47]', async () => {
    const server = await startHttpServer((request, response): ReturnType<Handler> => {
      const { path } = request;
      if (path === wellKnown) return { status: 301, headers: { location: `${path}/` } };
      if (path === `${wellKnown}/`) return { body: { issuer: server.origin, token_endpoint: `${server.origin}/t` } };
      return path === '/t' ? granted('token') : api(request, response);
    });
    const send = circular(make, server.origin, { issuer: server.origin, tokenEndpoint: undefined });

    expect(await statusOf(send, `${server.origin}/orders`)).toBe(200);
  });

  test.each<[string, Handler, string]>([
    ['is rejected', (): Answer => ({ status: 400, body: { error: 'invalid_scope' } }), 'ERR_GRANT_REJECTED'],
    ['loses its connection', (_request, response) => void response.destroy(), 'ERR_GRANT_UNAVAILABLE'],
    ['gets no response', () => undefined, 'ERR_GRANT_UNAVAILABLE'],
    [
      'loses its connection within the response',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{', () => response.destroy());
        return undefined;
      },
      'ERR_GRANT_UNAVAILABLE',
    ],
    [
      'gets a response that does not end',
      (_request, response) => void response.writeHead(200, { 'content-length': '100' }).write('{'),
      'ERR_GRANT_UNAVAILABLE',
    ],
  ])('fails and is no longer pending when it %s [E30]', async (_what, answer, code) => {
    const server = await startHttpServer(answer);
    const send = circular(make, server.origin, { timeoutMs: 200 });

    expect(await statusOf(send, `${server.origin}/orders`)).toBe(code);

    expect(server.requests.map(({ path }) => path)).toEqual(['/token']);
    expect(underWay()).toBe(0);
  });
});

test.each(clients)(
  'with %s, only requests to the URL of a pending token request carry no token [E30]',
  async (_, make) => {
    const [asked, answered] = [gate(), gate()];
    const server = await startHttpServer(async (request, response): Promise<Answer> => {
      if (request.method !== 'POST') return api(request, response) as Answer;
      asked.open();
      await answered.opened;
      return granted('other');
    });
    const url = `${server.origin}/token`;
    const tokens = createTokenService({ tokenEndpoint: url, clientId: 'orders', clientSecret: 'secret' });
    const send = make(staticToken('token'), server.origin);

    const grant = tokens.getToken();
    await asked.opened;
    const during = [await statusOf(send, `${url}/other`), await statusOf(send, url)];
    answered.open();
    await grant;

    expect(during).toEqual([200, 401]);
    expect(await statusOf(send, url)).toBe(200);
  },
);
