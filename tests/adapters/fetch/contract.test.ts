import { adapterContract, dpopAdapterContract } from '../../contracts/adapter.js';
import { tenantContract } from '../../contracts/tenants.js';
import { fetchClient } from '../../support/fetch-client.js';

const ofString = fetchClient((url, init) => [url, init]);

adapterContract('fetch of a string', ofString);
dpopAdapterContract('fetch', ofString);
tenantContract('fetch of a string', ofString);
