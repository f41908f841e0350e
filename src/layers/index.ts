/**
 * The layers of the token service, for token sources of your own.
 * @module m2m-tokens/layers
 */
export { compose, type Layer } from '../core/token-source.js';
export { clientCredentials } from '../grant/client-credentials.js';
export type { ClientCredentialsOptions } from '../grant/grant-options.js';
export type { GrantSource } from '../grant/grants.js';
export type { GrantState } from '../grant/grant.js';
export { withCache } from './cache.js';
export { withDefaultRequest } from './default-request.js';
export { withFastPath } from './fast-path.js';
export { type NegativeCacheOptions, withNegativeCache } from './negative-cache.js';
export { type RateLimitOptions, withRateLimit } from './rate-limit.js';
export { type RetryLayerOptions, withRetry } from './retry.js';
export { type SharedStoreOptions, withSharedStore } from './shared-store/shared-store.js';
export { type SharedTokens, sharedTokens, type SharedTokensOptions } from '../stores/shared-tokens.js';
export { type TokenCache, tokenCache, type TokenCacheOptions } from './token-cache.js';
