// Imports every entry of the installed package and calls an API with a token: `node versions/import.mjs <expected major version>`.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

import axios from 'axios';
import { createTokenService, dangerouslyAllowHttp, staticToken } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import { withBearerToken } from 'm2m-tokens/fetch';
import manifest from 'm2m-tokens/package.json' with { type: 'json' };
import { bearerTokenInterceptor } from 'm2m-tokens/undici';

const major = process.versions.node.split('.')[0];
assert.equal(major, process.argv[2]);

const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json');
for (const entry of entries) {
  const names = Object.keys(await import(entry.replace('.', manifest.name)));
  assert.ok(names.length > 0, `${entry} exports nothing`);
}

// The ES module and the CommonJS file are two copies, which take the URLs of each other.
const copy = createRequire(import.meta.url)('m2m-tokens');
assert.notEqual(copy.dangerouslyAllowHttp, dangerouslyAllowHttp);
const client = { clientId: 'orders', clientSecret: 'secret' };
createTokenService({ ...client, issuer: copy.dangerouslyAllowHttp('http://auth') });
copy.createTokenService({ ...client, issuer: dangerouslyAllowHttp('http://auth') });
withBearerToken(fetch, staticToken('token'), { origins: [copy.dangerouslyAllowHttp('http://orders')] });

/** Listens on a free port of this machine; returns the origin. */
async function listen(server) {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

// An API that accepts only the latest token, so that each client first gets a 401; and one that accepts any token.
let grants = 0;
const api = createServer((request, response) => {
  const { url, method, headers } = request;
  request.resume();
  if (url === '/elsewhere') return response.writeHead(307, { location: `${otherOrigin}/orders` }).end();
  const isRejected = url === '/orders' && headers.authorization !== `Bearer token-${grants}`;
  const granted = () => ({ access_token: `token-${(grants += 1)}`, token_type: 'Bearer', expires_in: 3600 });
  const answer = url === '/token' ? granted() : { method, authorization: headers.authorization };
  response.writeHead(isRejected ? 401 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
});
const other = createServer(({ headers }, response) =>
  response.end(JSON.stringify({ sees: headers.authorization ?? null })),
);
const [origin, otherOrigin] = [await listen(api), await listen(other)];
const url = `${origin}/orders`;

/** A token service whose cached token the API rejects. */
async function outdated() {
  const tokens = createTokenService({ tokenEndpoint: `${origin}/token`, clientId: 'orders', clientSecret: 'secret' });
  await tokens.ready();
  grants += 1;
  return tokens;
}
const latest = (method) => ({ method, authorization: `Bearer token-${grants}` });

const instance = axios.create({ baseURL: origin });
instance.interceptors.request.use(bearerToken(await outdated()));
assert.deepEqual((await instance.post('/orders', 'an order')).data, latest('POST'));

for (const input of [url, new Request(url, { method: 'PUT', body: 'an order' })]) {
  const send = withBearerToken(fetch, await outdated(), { origins: [origin] });
  const reply = await send(input);
  assert.deepEqual(await reply.json(), latest(input.method ?? 'GET'));
  const moved = await send(`${origin}/elsewhere`);
  assert.deepEqual([await moved.json(), moved.redirected], [{ sees: null }, true]);
}

// A Request is cloned before it is sent, so that its stream can be sent twice.
const streamed = new Request(url, { method: 'PUT', body: new Blob(['an order']).stream(), duplex: 'half' });
const repaired = await withBearerToken(fetch, await outdated(), { origins: [origin] })(streamed);
assert.deepEqual(await repaired.json(), latest('PUT'));

for (const name of major === '20' ? ['undici'] : ['undici', 'undici-8']) {
  const { Agent, fetch: undiciFetch, interceptors, request } = await import(name);
  const ours = async () => bearerTokenInterceptor(await outdated(), { origins: [origin] });
  const redirect = interceptors.redirect({ maxRedirections: 3 });

  for (const stack of [(one) => [one], (one) => [one, redirect], (one) => [redirect, one]]) {
    const dispatcher = new Agent().compose(stack(await ours()));
    const { body } = await request(url, { dispatcher, method: 'POST', body: 'an order' });
    assert.deepEqual(await body.json(), latest('POST'));
    await dispatcher.close();
  }
  const dispatcher = new Agent().compose(await ours(), redirect);
  const reply = await undiciFetch(url, { dispatcher, method: 'POST', body: 'an order' });
  assert.deepEqual(await reply.json(), latest('POST'));
  const moved = await request(`${origin}/elsewhere`, { dispatcher });
  assert.deepEqual(await moved.body.json(), { sees: null });
  await dispatcher.close();
}

for (const server of [api, other]) {
  server.closeAllConnections();
  server.close();
}
console.log(`Node ${process.versions.node} imports ${entries.join(' and ')} and calls an API with a token`);
