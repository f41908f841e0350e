// Imports every entry of the installed package and calls an API with a token: `node import.mjs <expected major version>`.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';

import axios from 'axios';
import { createTokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import manifest from 'm2m-tokens/package.json' with { type: 'json' };

assert.equal(process.versions.node.split('.')[0], process.argv[2]);

const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json');
for (const entry of entries) {
  const names = Object.keys(await import(entry.replace('.', manifest.name)));
  assert.ok(names.length > 0, `${entry} exports nothing`);
}

const server = createServer((request, response) => {
  const answer =
    request.url === '/token'
      ? { access_token: 'token-1', token_type: 'Bearer', expires_in: 3600 }
      : { authorization: request.headers.authorization };
  response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const baseURL = `http://127.0.0.1:${server.address().port}`;

const tokens = createTokenService({ tokenEndpoint: `${baseURL}/token`, clientId: 'orders', clientSecret: 'secret' });
const api = axios.create({ baseURL });
api.interceptors.request.use(bearerToken(tokens));
const { data } = await api.get('/orders');

assert.deepEqual(data, { authorization: 'Bearer token-1' });
server.closeAllConnections();
server.close();
console.log(`Node ${process.versions.node} imports ${entries.join(' and ')} and calls an API with a token`);
