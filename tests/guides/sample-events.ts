import { GrantUnavailableError, type TokenEvent } from 'm2m-tokens';

const error = new GrantUnavailableError('https://auth.example.com is not available (HTTP 503)', { status: 503 });
const scopes = { requestedScope: 'orders:read', scope: 'orders:read' };
const grant = { requestedScope: 'orders:read', reason: 'cold', attempt: 1 } as const;
const origin = { authorizationServer: 'https://auth.example.com', clientId: 'orders-service' };
const request = { method: 'GET', origin: 'https://api.example.com' };

/** One event of each type: the compiler reports one that is missing. */
export const sampleEvents: { readonly [Type in TokenEvent['type']]: Extract<TokenEvent, { type: Type }> } = {
  'grant.succeeded': {
    type: 'grant.succeeded',
    ...origin,
    ...grant,
    scope: 'orders:read',
    credential: undefined,
    clockSkewMs: 0,
    durationMs: 50,
    lifetimeMs: 3_600_000,
  },
  'grant.failed': { type: 'grant.failed', ...grant, durationMs: 50, error },
  'grant.retry_scheduled': { type: 'grant.retry_scheduled', ...grant, error, retryAfterMs: 400 },
  'grant.suppressed': {
    type: 'grant.suppressed',
    requestedScope: 'orders:read',
    reason: 'cold',
    suppression: 'backoff',
    retryAfterMs: 4_800,
  },
  'renewal.failed': {
    type: 'renewal.failed',
    ...scopes,
    reason: 'advisory',
    error,
    retryAfterMs: 8_000,
    remainingMs: 439_700,
  },
  'renewal.recovered': { type: 'renewal.recovered', ...scopes, failures: 54, failedForMs: 464_700 },
  'credential.reread': { type: 'credential.reread', credential: 'secret', expiresAt: undefined },
  'token.awaited': { type: 'token.awaited', requestedScope: 'orders:read', source: 'grant', durationMs: 300 },
  'token.unavailable': {
    type: 'token.unavailable',
    requestedScope: 'orders:read',
    error,
    durationMs: 50,
    retryAfterMs: 4_800,
  },
  'token.expired_on_arrival': { type: 'token.expired_on_arrival', ...scopes },
  'token.lifetime_capped': { type: 'token.lifetime_capped', ...scopes, announcedSeconds: 999_999_999 },
  'token.evicted': { type: 'token.evicted', ...scopes },
  'revocation.failed': { type: 'revocation.failed', tokens: 2, error },
  'store.called': { type: 'store.called', operation: 'get', durationMs: 250, failure: 'TimeoutError' },
  'store.failed': { type: 'store.failed', operation: 'get', failure: 'TimeoutError', retryAfterMs: 5_000 },
  'store.recovered': { type: 'store.recovered', failedForMs: 65_000 },
  'request.resent': { type: 'request.resent', ...request, reason: 'token rejected' },
  'request.not_resent': { type: 'request.not_resent', ...request, reason: 'same token' },
  'http.allowed': { type: 'http.allowed', origins: ['http://auth.internal'] },
};
