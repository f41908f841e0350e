import { adapterContract, dpopAdapterContract } from '../../contracts/adapter.js';
import { axiosClient } from '../../support/axios-client.js';

adapterContract('axios', axiosClient({}), { streams: ['Node stream'] });
dpopAdapterContract('axios', axiosClient({}));
