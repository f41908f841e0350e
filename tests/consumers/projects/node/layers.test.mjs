// Layers of one copy of the package recognise the errors of the other.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import * as imported from 'm2m-tokens';
import * as importedLayers from 'm2m-tokens/layers';

const require = createRequire(import.meta.url);
const required = { ...require('m2m-tokens'), layers: require('m2m-tokens/layers') };

for (const [direction, one, { compose, withNegativeCache, withRetry }] of [
  ['import, used by require', imported, required.layers],
  ['require, used by import', required, importedLayers],
]) {
  /** A token source that fails `failures` times, and the number of its calls. */
  const failing = (failures, error) => {
    const source = {
      calls: 0,
      async getToken() {
        source.calls += 1;
        if (source.calls <= failures) throw error;
        return new one.AccessToken({ value: 'a-token', issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000 });
      },
    };
    return source;
  };

  test(`${direction}: withRetry tries again after a GrantUnavailableError`, async () => {
    const source = failing(1, new one.GrantUnavailableError('unavailable'));
    assert.equal((await compose(source, withRetry()).getToken()).value, 'a-token');
    assert.equal(source.calls, 2);
  });

  test(`${direction}: withNegativeCache remembers a GrantRejectedError`, async () => {
    const source = failing(2, new one.GrantRejectedError('rejected', { status: 401, error: 'invalid_client' }));
    const tokens = compose(source, withNegativeCache());
    for (const _ of [1, 2]) await assert.rejects(tokens.getToken(), { code: 'ERR_GRANT_REJECTED' });
    assert.equal(source.calls, 1);
  });
}
