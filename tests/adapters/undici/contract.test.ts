import { interceptors } from 'undici';

import { adapterContract, dpopAdapterContract } from '../../contracts/adapter.js';
import { abilitiesOfRequest, byRequest, undiciClient } from '../../support/undici-client.js';

const above = [interceptors.redirect({ maxRedirections: 3 })];

adapterContract('undici below its redirect interceptor', undiciClient(byRequest, { above }), abilitiesOfRequest);
dpopAdapterContract('undici below its redirect interceptor', undiciClient(byRequest, { above }));
