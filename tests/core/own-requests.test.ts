import { expect, test } from '@jest/globals';

import { asOwnRequest, isOwnRequest } from '../../src/core/own-requests.js';

const url = 'https://auth.example.com/token?tenant=a';

test('a request of the library is known while it is under way, by its URL [E30]', async () => {
  expect(isOwnRequest(url)).toBe(false);

  await asOwnRequest(url, async () => {
    expect(isOwnRequest(url)).toBe(true);
    expect(isOwnRequest('https://auth.example.com:443/token?tenant=a#x')).toBe(true);
    expect(isOwnRequest('https://auth.example.com/token')).toBe(false);
    expect(isOwnRequest('/relative')).toBe(false);
  });

  expect(isOwnRequest(url)).toBe(false);
});

test('two requests to one URL are counted, and a failure counts as an end [E30]', async () => {
  let end = (): void => undefined;
  const first = asOwnRequest(url, () => new Promise<void>((resolve) => (end = resolve)));

  await expect(asOwnRequest(url, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  expect(isOwnRequest(url)).toBe(true);
  end();
  await first;

  expect(isOwnRequest(url)).toBe(false);
});
