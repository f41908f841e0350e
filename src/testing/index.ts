/**
 * A fake token service and a fake authorization server, for tests.
 * @module m2m-tokens/testing
 */
export { fakeAuthorizationServer } from './fake-authorization-server.js';
export type { FakeAuthorizationServer, FakeAuthorizationServerOptions } from './fake-authorization-server.js';
export { fakeTokenService } from './fake-token-service.js';
export type { FakeTokenService, FakeTokenServiceOptions, ReceivedTokenRequest } from './fake-token-service.js';
export type { FakeEndpoint, ReceivedRequest } from './received-request.js';
export type { FakeAnswer } from './scripted-answers.js';
export type { TestClock } from './test-clock.js';
export type { TokenFailure } from './token-failure.js';
