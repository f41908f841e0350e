import { describe, expect, test } from '@jest/globals';

import type { TokenEvent } from '../../src/core/events.js';
import type { Observer } from '../../src/telemetry/observer.js';
import { granted } from '../support/authorization-server.js';
import { failureOf } from '../support/grant-outcome.js';
import { observe } from '../support/observer.js';
import { startTokenService } from '../support/token-service.js';
import { settle } from '../support/tokens.js';
import { warnings } from '../support/warnings.js';

describe('an observer of a token service', () => {
  const broken: Readonly<Record<string, Observer['aroundGrant']>> = {
    'throws before the grant': () => {
      throw new Error('broken');
    },
    'throws after it has begun the grant': (_grant, run) => {
      void run();
      throw new Error('broken');
    },
    'rejects after the grant': async (_grant, run) => {
      await run();
      throw new Error('broken');
    },
    'rejects in place of the result': async () => {
      throw new Error('broken');
    },
  };

  test.each(Object.entries(broken))('that %s costs a warning, and the grant runs once', async (_, aroundGrant) => {
    const { tokens, server } = await startTokenService();
    const messages = warnings();
    observe(tokens, { aroundGrant });

    const { value } = await tokens.getToken();

    expect(value).toBe('token-1');
    expect(server.grants).toHaveLength(1);
    await settle();
    expect(messages).toEqual([expect.stringMatching(/^The observer a test failed on a grant; .*: Error: broken$/)]);
  });

  const unusual: Readonly<Record<string, Observer['aroundGrant']>> = {
    'returns at once': () => undefined,
    'returns something else': () => ({ value: 'token' }),
    'runs the grant twice': (_grant, run) => Promise.all([run(), run()]),
    'runs the grant too late': async (_grant, run) => {
      await settle();
      return run();
    },
  };

  test.each(Object.entries(unusual))('that %s does not change the grant', async (_, aroundGrant) => {
    const { tokens, server } = await startTokenService();
    const messages = warnings();
    observe(tokens, { aroundGrant });

    const { value } = await tokens.getToken();

    expect(value).toBe('token-1');
    await settle();
    expect(server.grants).toHaveLength(1);
    expect(messages).toEqual([]);
  });

  test.each<[string, Observer['aroundGrant']]>([
    ['returns the promise', (_grant, run) => run()],
    [
      'catches the error',
      async (_grant, run) => {
        await run().catch(() => undefined);
      },
    ],
  ])('that %s of a failed grant causes no warning', async (_, aroundGrant) => {
    const { tokens, server } = await startTokenService({ retry: { retries: 0 } });
    const messages = warnings();
    server.script({ status: 503 });
    observe(tokens, { aroundGrant });

    const error = await failureOf(tokens.getToken());

    expect(error).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE' });
    await settle();
    expect(messages).toEqual([]);
  });

  test('gets each event with its origin before other sinks, also if an observer before it throws', async () => {
    const calls: string[] = [];
    const messages = warnings();
    const { tokens } = await startTokenService({ onEvent: ({ type }) => void calls.push(`onEvent ${type}`) });
    const seen: TokenEvent[] = [];
    observe(tokens, {
      name: 'the first',
      onEvent: () => {
        throw new Error('broken');
      },
    });
    observe(tokens, {
      name: 'the second',
      onEvent: (event) => {
        calls.push(`observer ${event.type}`);
        seen.push(event);
      },
    });

    await tokens.getToken();

    expect(calls).toEqual([
      'observer grant.succeeded',
      'onEvent grant.succeeded',
      'observer token.awaited',
      'onEvent token.awaited',
    ]);
    expect(seen[0]).toMatchObject({ service: 'orders', clientId: 'orders' });
    await settle();
    expect(messages).toHaveLength(1);
  });

  test.each<[string, Partial<Observer>]>([
    ['events', { onEvent: () => Promise.reject(new Error('broken')) }],
    ['grants', { aroundGrant: () => Promise.reject(new Error('broken')) }],
  ])('that fails on all %s costs one warning, also if other observers come and go', async (_, observer) => {
    const { tokens } = await startTokenService();
    const messages = warnings();
    observe(tokens, observer);

    for (const scope of ['a', 'b', 'c']) {
      const stop = observe(tokens, { name: 'another' });
      await tokens.getToken({ scope });
      await settle();
      stop();
    }

    expect(messages).toHaveLength(1);
  });

  test('is the only one of its name', async () => {
    const { tokens } = await startTokenService();
    const stop = observe(tokens, {});

    expect(() => observe(tokens, {})).toThrow('a test observes this token service already');
    stop();

    expect(() => observe(tokens, {})).not.toThrow();
  });

  test('that was removed sees nothing more, and its removal has no effect on another of its name', async () => {
    const { tokens, server } = await startTokenService();
    server.script(() => granted(`token-${server.grants.length}`));
    const seen: string[] = [];
    const stop = observe(tokens, { onEvent: ({ type }) => seen.push(`first ${type}`) });
    stop();
    observe(tokens, { onEvent: ({ type }) => seen.push(`second ${type}`) });
    stop();

    await tokens.getToken();

    expect(seen).toEqual(['second grant.succeeded', 'second token.awaited']);
  });
});
