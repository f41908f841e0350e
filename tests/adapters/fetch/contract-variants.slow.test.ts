import { adapterContract } from '../../contracts/adapter.js';
import { fetchClient } from '../../support/fetch-client.js';

adapterContract(
  'fetch of a URL object',
  fetchClient((url, init) => [new URL(url), init]),
);
adapterContract(
  'fetch of a Request',
  fetchClient((url, { token, ...init } = {}) => [new Request(url, init), { token }]),
  // A Request made of a stream is cloned, and sent again.
  { streams: [] },
);
