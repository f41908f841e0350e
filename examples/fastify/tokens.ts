// A plugin of Fastify: `app.tokens` is the token service, `app.api` a fetch that sends its tokens.
import type { FastifyPluginAsync } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { type TokenService, tokenServiceFromEnvironment } from 'm2m-tokens';
import { type FetchWithToken, withBearerToken } from 'm2m-tokens/fetch';

declare module 'fastify' {
  interface FastifyInstance {
    tokens: TokenService;
    api: FetchWithToken;
  }
}

const plugin: FastifyPluginAsync<{ origins: string[] }> = async (app, { origins }) => {
  // Fastify ends the start after 10 s (`pluginTimeout`). With the default of 15 s, it would hide the error of the token service.
  const tokens = tokenServiceFromEnvironment({ logger: app.log, retry: { deadlineMs: 6_000 } });
  app.decorate('tokens', tokens);
  app.decorate('api', withBearerToken(fetch, tokens, { origins }));

  // `listen` fails if there is no token.
  app.addHook('onReady', () => tokens.ready());

  app.get('/readyz', async (_request, reply) => {
    const ready = tokens.ready({ signal: AbortSignal.timeout(1_000) });
    const isReady = await ready.then(() => true).catch(() => false);
    return reply.code(isReady ? 200 : 503).send({ isReady });
  });

  // After the last response.
  app.addHook('onClose', async () => {
    await tokens.revoke();
  });
};

export const tokensPlugin = fastifyPlugin(plugin, { name: 'tokens' });
