export {
  AccessToken,
  type AccessTokenFields,
  type AccessTokenType,
  type DpopKeyPair,
  type TokenMembers,
} from './core/access-token.js';
export type { Clock } from './core/clock.js';
export { tokenServiceFromEnvironment } from './service/environment.js';
export {
  ConfigurationError,
  GrantRejectedError,
  GrantUnavailableError,
  InvalidTokenResponseError,
  TokenError,
  type TokenErrorCode,
} from './core/errors.js';
export type { EventSink, TokenEvent } from './core/events.js';
export type { ClientAssertionOptions } from './authentication/client-assertion.js';
export type { ClientAuthentication } from './authentication/client-authentication.js';
export { clientSecretBasic, type ClientSecretBasicOptions, clientSecretPost } from './authentication/client-secret.js';
export type { ClientCertificateOptions } from './authentication/client-certificate.js';
export {
  type ClientCredentials,
  clientCredentials,
  type ClientCredentialsOptions,
} from './grant/client-credentials.js';
export { clientSecretJwt } from './authentication/client-secret-jwt.js';
export { type Dpop, dpop, type DpopOptions } from './grant/dpop.js';
export { federatedAssertion, type FederatedAssertionOptions, fromFile } from './authentication/federated-assertion.js';
export { type MutualTls, mutualTls, type MutualTlsOptions } from './authentication/mutual-tls.js';
export type { PrivateKey } from './authentication/private-key.js';
export { privateKeyJwt, type PrivateKeyJwtOptions } from './authentication/private-key-jwt.js';
export { keyFile, type Secret, secretFile } from './authentication/secret.js';
export { withCache } from './layers/cache.js';
export { type NegativeCacheOptions, withNegativeCache } from './layers/negative-cache.js';
export { withDefaultRequest } from './layers/default-request.js';
export { withFastPath } from './layers/fast-path.js';
export { type RateLimitOptions, withRateLimit } from './layers/rate-limit.js';
export type { RefreshOptions } from './layers/renewal-schedule.js';
export { type RetryLayerOptions, type RetryOptions, withRetry } from './layers/retry.js';
export { type SharedStoreOptions, withSharedStore } from './layers/shared-store/shared-store.js';
export { type SharedTokens, sharedTokens, type SharedTokensOptions } from './layers/shared-store/shared-tokens.js';
export { type TokenCache, tokenCache, type TokenCacheOptions } from './layers/token-cache.js';
export { staticToken, type StaticTokenOptions } from './service/static-token.js';
export { encryptedStore, type EncryptedStoreOptions } from './stores/encrypted.js';
export { memoryStore, type MemoryStoreOptions } from './stores/memory.js';
export type { Lease, StoreCall, StoredToken, TokenStore } from './stores/token-store.js';
export { type EventLogger, logEvents } from './telemetry/logging.js';
export type { TokenRequest } from './core/token-request.js';
export type { RevokeOptions } from './service/revoke-all.js';
export { createTokenService, type TokenService } from './service/token-service.js';
export type { TokenServiceOptions } from './service/options.js';
export { compose, type GetTokenOptions, type Layer, type TokenSource } from './core/token-source.js';
