export { AccessToken, type AccessTokenFields, type AccessTokenType, type DpopKeyPair } from './access-token.js';
export type { Clock } from './clock.js';
export { tokenServiceFromEnvironment } from './environment.js';
export {
  ConfigurationError,
  GrantRejectedError,
  GrantUnavailableError,
  InvalidTokenResponseError,
  TokenError,
  type TokenErrorCode,
} from './errors.js';
export type { EventSink, TokenEvent } from './events.js';
export type { ClientAssertionOptions } from './grant/client-assertion.js';
export {
  type ClientAuthentication,
  clientSecretBasic,
  type ClientSecretBasicOptions,
  clientSecretPost,
} from './grant/client-authentication.js';
export type { ClientCertificateOptions } from './grant/client-certificate.js';
export {
  type ClientCredentials,
  clientCredentials,
  type ClientCredentialsOptions,
} from './grant/client-credentials.js';
export { clientSecretJwt } from './grant/client-secret-jwt.js';
export { type Dpop, dpop, type DpopOptions } from './grant/dpop.js';
export { federatedAssertion, type FederatedAssertionOptions, fromFile } from './grant/federated-assertion.js';
export { type MutualTls, mutualTls } from './grant/mutual-tls.js';
export type { PrivateKey } from './grant/private-key.js';
export { privateKeyJwt, type PrivateKeyJwtOptions } from './grant/private-key-jwt.js';
export { keyFile, type Secret, secretFile } from './grant/secret.js';
export { type CacheOptions, withCache } from './layers/cache.js';
export { type CoolDownOptions, withCoolDown } from './layers/cool-down.js';
export { withDefaultRequest } from './layers/default-request.js';
export { type GateOptions, withGate } from './layers/gate.js';
export type { RefreshOptions } from './layers/refresh-time.js';
export { type RetryLayerOptions, type RetryOptions, withRetry } from './layers/retry.js';
export { type SharedStoreOptions, withSharedStore } from './layers/shared-store.js';
export { withSingleFlight } from './layers/single-flight.js';
export { staticToken, type StaticTokenOptions } from './static-token.js';
export { encryptedStore, type EncryptedStoreOptions } from './stores/encrypted.js';
export { memoryStore, type MemoryStoreOptions } from './stores/memory.js';
export type { Lease, StoreCall, StoredToken, TokenStore } from './stores/token-store.js';
export { type EventLogger, logEvents } from './telemetry/logging.js';
export type { TokenRequest } from './token-request.js';
export { createTokenService, type TokenService } from './token-service.js';
export type { TokenServiceOptions } from './token-service-options.js';
export { compose, type GetTokenOptions, type Layer, type TokenSource } from './token-source.js';
