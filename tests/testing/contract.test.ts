import { tokenServiceContract } from '../contracts/token-service.js';
import { refused } from '../support/authorization-server.js';
import { startHttpServer } from '../support/http-server.js';
import { startTokenService } from '../support/token-service.js';
import { fakeTokenService } from '../../src/testing/index.js';

tokenServiceContract('createTokenService', async () => {
  let isFailing = false;
  const revocation = await startHttpServer(() => ({ status: isFailing ? 503 : 200 }));
  const { tokens, server, clock } = await startTokenService({
    revocationEndpoint: revocation.origin,
    retry: { retries: 0 },
  });
  return {
    tokens,
    grants: () => server.grants.length,
    fail() {
      isFailing = true;
      server.script(refused('temporarily_unavailable', { status: 503 }));
    },
    advance: (ms) => clock.advance(ms),
  };
});

tokenServiceContract('fakeTokenService', async () => {
  const tokens = fakeTokenService();
  return {
    tokens,
    grants: () => tokens.granted.length,
    fail: () => tokens.fail(),
    advance: (ms) => tokens.clock.advance(ms),
  };
});
