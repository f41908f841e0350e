// Closes one fake authorization server while it is in use, and leaves another one and a late token behind.
import { setImmediate } from 'node:timers/promises';

import { createTokenService, isTokenError } from '../../src/index.js';
import { fakeAuthorizationServer, fakeTokenService } from '../../src/testing/index.js';

const calls = 20;
const server = await fakeAuthorizationServer();
server.answer({ fault: 'hang' }, { delayMs: Infinity }, { delayMs: 3_600_000, times: Infinity });
const failures = Array.from({ length: calls }, () =>
  createTokenService({ ...server.options, retry: { retries: 0 } })
    .getToken()
    .catch((error: unknown) => isTokenError(error) && error.code),
);
while (server.grants.length < calls) await setImmediate();
await Promise.all([server.close(), server.close()]);
console.log(new Set(await Promise.all(failures)));

const left = await fakeAuthorizationServer();
await createTokenService(left.options).ready();
const late = fakeTokenService();
late.delay(Infinity);
void late.getToken();
// Node.js keeps an idle connection, and with it a process, for 4 s.
const leftAt = performance.now();
process.on('exit', () => console.log(performance.now() - leftAt < 2_000 ? 'ended at once' : 'waited'));
