import type { AxiosRequestConfig } from 'axios';

import { type Abilities, adapterContract, dpopAdapterContract } from '../../contracts/adapter.js';
import { axiosClient } from '../../support/axios-client.js';

const kinds: readonly [name: string, defaults: AxiosRequestConfig, abilities: Abilities][] = [
  ['axios that takes every status for a success', { validateStatus: () => true }, { streams: ['Node stream'] }],
  [
    'axios on fetch',
    { adapter: 'fetch', fetchOptions: { duplex: 'half' } } as object,
    { streams: ['Node stream', 'web stream'] },
  ],
];

for (const [name, defaults, abilities] of kinds) {
  adapterContract(name, axiosClient(defaults), abilities);
  dpopAdapterContract(name, axiosClient(defaults));
}
