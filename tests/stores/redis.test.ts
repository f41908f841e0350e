import { setTimeout } from 'node:timers/promises';

import { redisStore } from '../../src/stores/redis.js';
import { tokenStoreContract } from '../contracts/token-store.js';
import { connectRedis, startRedis, test } from '../support/redis.js';

tokenStoreContract(
  'redisStore',
  async () => {
    const client = await connectRedis(await startRedis());
    // Redis has a clock of its own.
    return { store: redisStore(client), pass: (ms) => setTimeout(ms) };
  },
  test,
);
