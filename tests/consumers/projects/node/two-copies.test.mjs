// A process that loads both copies of the package. The objects of one copy must work in the other.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';

import { trace } from '@opentelemetry/api';
import axios from 'axios';
import * as imported from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import { withBearerToken } from 'm2m-tokens/fetch';
import { observeTokens } from 'm2m-tokens/opentelemetry';
import { bearerTokenInterceptor } from 'm2m-tokens/undici';
import { Agent, request } from 'undici';

import { newService, observedStore, origin } from './checks.cjs';

const require = createRequire(import.meta.url);
const required = require('m2m-tokens');

const importedAdapters = { axios, bearerToken, withBearerToken, bearerTokenInterceptor, observeTokens };
const requiredAdapters = {
  axios: require('axios'),
  ...require('m2m-tokens/axios'),
  ...require('m2m-tokens/fetch'),
  ...require('m2m-tokens/opentelemetry'),
  ...require('m2m-tokens/undici'),
};

/** How each adapter sends a GET with a token of `tokens`. */
const clients = {
  async axios({ axios: client, bearerToken: interceptor }, tokens) {
    const instance = client.create({ baseURL: origin });
    instance.interceptors.request.use(interceptor(tokens));
    return (await instance.get('/orders')).data;
  },
  async fetch({ withBearerToken: authorized }, tokens) {
    return (await authorized(fetch, tokens, { origins: [origin] })(`${origin}/orders`)).json();
  },
  async undici({ bearerTokenInterceptor: interceptor }, tokens) {
    const dispatcher = new Agent().compose(interceptor(tokens, { origins: [origin] }));
    const { body } = await request(`${origin}/orders`, { dispatcher });
    const data = await body.json();
    await dispatcher.close();
    return data;
  },
};

test('there are two copies', () => {
  assert.notEqual(imported.createTokenService, required.createTokenService);
  assert.notEqual(imported.TokenError, required.TokenError);
});

test('an axios instance of the other format works, but its errors are of the other copy of axios', async () => {
  const instance = axios.create({ baseURL: origin });
  instance.interceptors.request.use(requiredAdapters.bearerToken(newService(imported)));
  assert.match((await instance.get('/orders')).data.authorization, /^Bearer .+-2$/);
  await assert.rejects(instance.get('/missing'), (error) => {
    assert.ok(!(error instanceof axios.AxiosError) && axios.isAxiosError(error));
    assert.ok(error instanceof requiredAdapters.axios.AxiosError);
    return true;
  });
});

for (const [direction, one, other, adapters] of [
  ['import, used by require', imported, required, requiredAdapters],
  ['require, used by import', required, imported, importedAdapters],
]) {
  describe(direction, () => {
    for (const [name, send] of Object.entries(clients)) {
      test(`a token service serves the adapter for ${name}, which resends`, async () => {
        assert.match((await send(adapters, newService(one))).authorization, /^Bearer .+-2$/);
      });

      test(`a DPoP token serves the adapter for ${name}`, async () => {
        const { authorization } = await send(adapters, newService(one, { dpop: one.dpop() }));
        assert.match(authorization, /^DPoP .+-2$/);
      });

      test(`an error reaches the caller of the adapter for ${name} unchanged`, async () => {
        const failing = newService(one, { clientSecret: 'wrong' });
        await assert.rejects(send(adapters, failing), (error) => {
          assert.ok(error instanceof one.GrantRejectedError);
          assert.equal(error.code, 'ERR_GRANT_REJECTED');
          return true;
        });
      });
    }

    test('an axios request has a subject of its own', async () => {
      const grant = one.tokenExchange({ subjectToken: () => 'a-service', subjectTokenType: 'access_token' });
      const instance = adapters.axios.create({ baseURL: origin });
      instance.interceptors.request.use(adapters.bearerToken(newService(one, { grant })));
      const { data } = await instance.get('/orders', { tokenRequest: { subjectToken: 'a-user' } });
      assert.match(data.authorization, /^Bearer .+-2$/);
    });

    test('isTokenError recognises an error', async () => {
      const error = await newService(one, { clientSecret: 'wrong' })
        .getToken()
        .catch((reason) => reason);
      assert.equal(error.code, 'ERR_GRANT_REJECTED');
      assert.ok(!(error instanceof other.TokenError));
      assert.ok(other.isTokenError(error));
    });

    test('a token service is observed', async () => {
      const started = [];
      const tracer = {
        ...trace.getTracer('none'),
        startSpan: (span) => started.push(span) && trace.wrapSpanContext({}),
      };
      const tokens = newService(one);
      adapters.observeTokens(tokens, { tracerProvider: { getTracer: () => tracer } });
      await tokens.getToken();
      assert.deepEqual(started, ['m2m.token.grant']);
    });

    test('client authentication serves a token service', async () => {
      const options = { clientSecret: undefined, clientAuthentication: one.clientSecretPost('secret') };
      assert.match((await newService(other, options).getToken()).value, /-1$/);
    });

    test('an encrypted entry of a store is decrypted', async () => {
      const { store, written } = observedStore(one);
      const clientId = randomUUID();
      const encrypted = ({ encryptedStore }) => encryptedStore(store, { keys: [Buffer.alloc(32, 1)] });

      const { value } = await newService(one, { clientId, store: encrypted(one) }).getToken();
      assert.ok(!(await written).payload.includes(value));
      const { value: found } = await newService(other, { clientId, store: encrypted(other) }).getToken();
      assert.equal(found, value);
    });

    test('a store and its encryption serve a token service', async () => {
      const { store, written } = observedStore(one);
      const encrypted = one.encryptedStore(store, { keys: [Buffer.alloc(32, 1)] });
      const { value } = await newService(other, { store: encrypted }).getToken();
      assert.ok(!(await written).payload.includes(value));
    });
  });
}
