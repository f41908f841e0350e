import { FormData, interceptors } from 'undici';

import { adapterContract, form } from '../../contracts/adapter.js';
import { abilitiesOfRequest, byFetch, byRequest, undiciClient } from '../../support/undici-client.js';

const below = [interceptors.redirect({ maxRedirections: 3 })];

adapterContract('undici above its redirect interceptor', undiciClient(byRequest, { below }), abilitiesOfRequest);
adapterContract('undici by its fetch', undiciClient(byFetch), {
  streams: ['web stream', 'asynchronous iterator'],
  form: () => form(new FormData()),
});
