import { randomUUID } from 'node:crypto';

import { Test, type TestingModule } from '@nestjs/testing';
import { AxiosError } from 'axios';
import {
  createTokenService,
  encryptedStore,
  memoryStore,
  type StoredToken,
  type TokenService,
  type TokenStore,
} from 'm2m-tokens';
import { fakeTokenService } from 'm2m-tokens/testing';

import { OrdersService } from './orders.service';

describe('OrdersService', () => {
  const newTokens = (options: { clientSecret?: string; store?: TokenStore } = {}): TokenService =>
    createTokenService({
      tokenEndpoint: `${process.env['SERVER_ORIGIN']}/token`,
      clientId: randomUUID(),
      clientSecret: 'secret',
      ...options,
    });

  const newOrders = async (tokens: TokenService): Promise<OrdersService> => {
    const module: TestingModule = await Test.createTestingModule({
      providers: [OrdersService, { provide: 'tokens', useValue: tokens }],
    }).compile();
    return module.get<OrdersService>(OrdersService);
  };

  it('sends a request again when the API rejects the token', async () => {
    const orders = await newOrders(newTokens());
    expect(await orders.authorization()).toMatch(/^Bearer .+-2$/);
  });

  it('fails with the error of the library', async () => {
    const orders = await newOrders(newTokens({ clientSecret: 'wrong' }));
    await expect(orders.authorization()).rejects.toMatchObject({ code: 'ERR_GRANT_REJECTED' });
  });

  it('is tested with a fake token service', async () => {
    const tokens = fakeTokenService({ tokens: ['fake-1', 'fake-2'] });
    const orders = await newOrders(tokens);
    expect(await orders.authorization()).toBe('Bearer fake-2');
    expect(tokens.requests).toEqual([{}, { replacing: 'fake-1' }]);
    tokens.fail('ERR_GRANT_REJECTED');
    tokens.expire();
    await expect(orders.authorization()).rejects.toMatchObject({ code: 'ERR_GRANT_REJECTED' });
  });

  it('leaves the errors of axios to axios', async () => {
    const orders = await newOrders(newTokens());
    await expect(orders.authorization('/missing')).rejects.toBeInstanceOf(AxiosError);
  });

  it('encrypts tokens in a store', async () => {
    const memory = memoryStore();
    let store: TokenStore = memory;
    const written = new Promise<StoredToken>((resolve) => {
      const set: TokenStore['set'] = async (key, token, ttlMs) => {
        await memory.set(key, token, ttlMs);
        resolve(token);
      };
      store = { ...memory, set };
    });
    const tokens = newTokens({ store: encryptedStore(store, { keys: [Buffer.alloc(32, 1)] }) });

    const { value } = await tokens.getToken();
    const { payload } = await written;
    expect(payload).not.toContain(value);
    expect(Buffer.from(payload.split('.')[0], 'base64url').toString()).toContain('"A256GCM"');
  });
});
