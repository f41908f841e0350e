/**
 * Gets, caches and renews access tokens.
 * @module m2m-tokens
 */
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
  type AnyTokenError,
  ConfigurationError,
  GrantRejectedError,
  GrantUnavailableError,
  InvalidTokenResponseError,
  isTokenError,
  TokenError,
  type TokenErrorCode,
  type TokenErrorOptions,
} from './core/errors.js';
export { dangerouslyAllowHttp, type InsecureUrl } from './core/insecure-url.js';
export type {
  CacheEvent,
  CredentialFacts,
  EventOrigin,
  EventSink,
  GrantEvent,
  GrantFacts,
  GrantReason,
  RequestEvent,
  SentGrantFacts,
  ServiceEvent,
  StoreEvent,
  StoreOperation,
  TokenEvent,
} from './core/events.js';
export type { ClientAssertionOptions } from './authentication/client-assertion.js';
export type { ClientAuthentication } from './authentication/client-authentication.js';
export { clientSecretBasic, type ClientSecretBasicOptions, clientSecretPost } from './authentication/client-secret.js';
export type { ClientCertificateOptions } from './authentication/client-certificate.js';
export { clientSecretJwt } from './authentication/client-secret-jwt.js';
export { type Dpop, dpop, type DpopOptions } from './grant/dpop.js';
export type { AssertionSource } from './grant/assertion-source.js';
export type { GrantType } from './grant/grant-type.js';
export { jwtBearer, type JwtBearerOptions } from './grant/jwt-bearer.js';
export { tokenExchange, type TokenExchangeOptions } from './grant/token-exchange.js';
export { federatedAssertion, type FederatedAssertionOptions } from './authentication/federated-assertion.js';
export { type MutualTls, mutualTls, type MutualTlsOptions } from './authentication/mutual-tls.js';
export type { PrivateKey } from './authentication/private-key.js';
export type { CertificateHeader } from './authentication/assertion-certificate.js';
export type { PublicKey } from './core/public-key.js';
export type { Signer } from './core/signer.js';
export { privateKeyJwt, type PrivateKeyJwtOptions } from './authentication/private-key-jwt.js';
export { type ExpiringSecret, fromFile, type Secret } from './authentication/secret.js';
export type { RefreshOptions } from './layers/renewal-schedule.js';
export type { TokenState } from './layers/token-state.js';
export type { WatchedToken, WatchListener, WatchOptions } from './layers/watch.js';
export { staticToken, type StaticTokenOptions } from './service/static-token.js';
export { encryptedStore, type EncryptedStoreOptions } from './stores/encrypted.js';
export { memoryStore, type MemoryStoreOptions } from './stores/memory.js';
export type { Lease, StoreCall, StoredToken, TokenStore } from './stores/token-store.js';
export { type EventLogger, logEvents, type LogEventsOptions } from './telemetry/logging.js';
export type { AuthorizationDetail } from './core/authorization-details.js';
export type { TokenRequest } from './core/token-request.js';
export type { RevokeOptions } from './service/revoke-all.js';
export { createTokenService, type TokenService } from './service/token-service.js';
export type { TokenStats } from './service/stats.js';
export type { RetryOptions, TokenServiceOptions } from './service/options.js';
export type { GetTokenOptions, TokenSource } from './core/token-source.js';
