// The checks that run in each test runner, bundler and module format, by name. The argument of a check has the modules
// that the project has loaded: `axios`, the main entry as `library`, and `bearerToken`.
const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');

const origin = process.env.SERVER_ORIGIN;

/** A token service with a new client. */
function newService({ createTokenService }, options) {
  return createTokenService({
    tokenEndpoint: `${origin}/token`,
    clientId: randomUUID(),
    clientSecret: 'secret',
    ...options,
  });
}

/**
 * A memory store, and the first entry that is written to it: the token service writes after it has returned the token.
 */
function observedStore({ memoryStore }) {
  const memory = memoryStore();
  let store;
  const written = new Promise((resolve) => {
    const set = async (key, entry, ...rest) => {
      await memory.set(key, entry, ...rest);
      resolve(entry);
    };
    store = { ...memory, set };
  });
  return { store, written };
}

const checks = {
  async 'gets one token for two calls'({ library }) {
    const tokens = newService(library);
    const [one, other] = [await tokens.getToken(), await tokens.getToken()];
    assert.ok(one instanceof library.AccessToken);
    assert.match(one.value, /-1$/);
    assert.equal(other.value, one.value);
  },

  async 'fails with an error of its class'({ library }) {
    await assert.rejects(newService(library, { clientSecret: 'wrong' }).getToken(), (error) => {
      assert.ok(error instanceof library.GrantRejectedError && error instanceof library.TokenError);
      assert.equal(error.code, 'ERR_GRANT_REJECTED');
      assert.equal(error.name, 'GrantRejectedError');
      return true;
    });
  },

  async 'sends a request of axios again when the API rejects the token'({ axios, library, bearerToken }) {
    const instance = axios.create({ baseURL: origin });
    instance.interceptors.request.use(bearerToken(newService(library)));
    const { data } = await instance.get('/orders');
    assert.match(data.authorization, /^Bearer .+-2$/);
  },

  async 'leaves the errors of axios to axios'({ axios, library, bearerToken }) {
    const instance = axios.create({ baseURL: origin });
    instance.interceptors.request.use(bearerToken(newService(library)));
    await assert.rejects(instance.get('/missing'), (error) => {
      assert.ok(error instanceof axios.AxiosError);
      assert.equal(error.response.status, 404);
      return true;
    });
  },

  async 'encrypts tokens in a store, and decrypts them'({ library }) {
    const { store, written } = observedStore(library);
    const clientId = randomUUID();
    const encrypted = () => library.encryptedStore(store, { keys: [Buffer.alloc(32, 1)] });

    const { value } = await newService(library, { clientId, store: encrypted() }).getToken();
    const { payload } = await written;
    assert.ok(!payload.includes(value));
    assert.equal(JSON.parse(Buffer.from(payload.split('.')[0], 'base64url')).enc, 'A256GCM');

    const replica = newService(library, { clientId, store: encrypted() });
    assert.equal((await replica.getToken()).value, value);
  },
};

module.exports = { checks, newService, observedStore, origin };
