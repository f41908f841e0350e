import { adapterContract, dpopAdapterContract } from '../../contracts/adapter.js';
import { fetchClient } from '../../support/fetch-client.js';
import { nodeFetches } from '../../support/node-fetch.js';

adapterContract(
  'fetch of a URL object',
  fetchClient((url, init) => [new URL(url), init]),
);
adapterContract(
  'fetch of a Request',
  fetchClient((url, { tokenRequest: token, ...init } = {}) => [new Request(url, init), { tokenRequest: token }]),
  // A Request made of a stream is cloned, and sent again.
  { streams: [] },
);

for (const [name, { fetch: nodeFetch, abilities }] of nodeFetches) {
  const client = fetchClient((url, init) => [url, init], nodeFetch);
  adapterContract(`${name} [E33]`, client, abilities);
  dpopAdapterContract(`${name} [E33]`, client);
}
