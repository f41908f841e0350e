// Vitest; fetch and msw, and fake timers. Copy it and run: npx vitest run
import { fakeTokenService } from 'm2m-tokens/testing';
import { withBearerToken } from 'm2m-tokens/fetch';
import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';

const url = 'https://api.example.com/orders';
const server = setupServer();
let tokens, api;
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
beforeEach(() => {
  tokens = fakeTokenService();
  api = withBearerToken(fetch, tokens, { origins: ['https://api.example.com'] });
  const accepts = (request) => tokens.accepts(request.headers.get('authorization'));
  server.use(http.get(url, ({ request }) => new HttpResponse(null, { status: accepts(request) ? 200 : 401 })));
});
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

test('the token is in the header, and the request is sent again after a 401', async () => {
  expect((await api(url)).status).toBe(200);
  tokens.revokeGranted();
  expect((await api(url)).status).toBe(200);
  expect(tokens.granted).toEqual(['token-1', 'token-2']);
});

test('the call fails if no token can be had', async () => {
  tokens.fail('ERR_GRANT_UNAVAILABLE');
  await expect(api(url)).rejects.toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE' });
});

test('a token expires when fake timers move', async () => {
  vi.useFakeTimers();
  await tokens.getToken();
  vi.advanceTimersByTime(3_600_000);
  expect((await tokens.getToken()).value).toBe('token-2');
  vi.useRealTimers();
});
