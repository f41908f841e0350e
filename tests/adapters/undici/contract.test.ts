import { interceptors } from 'undici';

import { adapterContract, dpopAdapterContract } from '../../contracts/adapter.js';
import { tenantContract } from '../../contracts/tenants.js';
import { abilitiesOfRequest, byRequest, undici8, undiciClient } from '../../support/undici-client.js';

const of7 = { above: [interceptors.redirect({ maxRedirections: 3 })] };

adapterContract('undici below its redirect interceptor', undiciClient(byRequest, of7), abilitiesOfRequest);
dpopAdapterContract('undici below its redirect interceptor', undiciClient(byRequest, of7));
tenantContract('undici below its redirect interceptor', undiciClient(byRequest, of7));

if (undici8 !== undefined) {
  const of8 = { makeAgent: undici8.makeAgent, above: [undici8.redirect({ maxRedirections: 3 })] };
  adapterContract('undici 8', undiciClient(byRequest, of8), undici8.abilities);
  dpopAdapterContract('undici 8', undiciClient(byRequest, of8));
  tenantContract('undici 8', undiciClient(byRequest, of8));
}
