import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import { spiffeJwtSvid } from '../../src/identity/index.js';
import { identityFileContract } from '../contracts/identity-file.js';
import { failureOf } from '../support/grant-outcome.js';
import { unsignedJwt } from '../support/identity-tokens.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const audience = 'https://auth.example.com';

identityFileContract('spiffeJwtSvid', {
  make: (path, options) => spiffeJwtSvid({ path, ...options }),
  advice: /helper/,
});

test.each([undefined, 5, 'orders', { id: 'spiffe://shop/orders' }])(
  'rejects a token whose subject is %j and no SPIFFE ID',
  async (sub) => {
    const path = join(await temporaryFolder(), 'svid');
    await writeFile(path, unsignedJwt({ sub, aud: audience, exp: 9e9 }));

    const error = await failureOf(spiffeJwtSvid({ path })());

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain('SPIFFE ID');
  },
);
