import { adapterContract, dpopAdapterContract } from '../../contracts/adapter.js';
import { tenantContract } from '../../contracts/tenants.js';
import { axiosClient } from '../../support/axios-client.js';

adapterContract('axios', axiosClient({}), { streams: ['Node stream'] });
dpopAdapterContract('axios', axiosClient({}));
tenantContract('axios', axiosClient({}));
