import { expect, test } from '@jest/globals';

import type { AccessToken } from '../../src/core/access-token.js';
import { createTokenService } from '../../src/service/token-service.js';
import { granted, refused } from '../support/authorization-server.js';
import { type FakeClock, fakeClock } from '../support/clock.js';
import { trustingFetch } from '../support/grant-tls.js';
import { startTlsServer } from '../support/mutual-tls.js';
import { type RotatingCredentials, rotatingCredentials } from '../support/rotating-credentials.js';

const calls = 10_000;
const lagMs = 3_000;

/** The three rotations: when the server and the files get the new version, in milliseconds after the start. */
const rotations = [
  { server: 0, file: 0 },
  { server: 0, file: lagMs },
  { server: lagMs, file: 0 },
];

/** Begins each rotation when the token is due, so that a renewal happens during the rotation. */
function schedule(clock: FakeClock) {
  let begun = 0;
  let since = 0;
  return (call: number, token: AccessToken | undefined): { readonly server: number; readonly file: number } => {
    const isDue = token !== undefined && token.remainingMs(clock) <= 15_000;
    if (begun < rotations.length && call > ((begun + 1) * calls) / (rotations.length + 1) && isDue) {
      begun += 1;
      since = clock.now();
    }
    const { server = 0, file = 0 } = rotations[begun - 1] ?? {};
    const elapsed = clock.now() - since;
    return { server: elapsed >= server ? begun : begun - 1, file: elapsed >= file ? begun : begun - 1 };
  };
}

test.each(Object.keys(rotatingCredentials))(
  'of 10,000 calls none fails while %s is rotated three times [F1 A7]',
  async (name) => {
    const { authentication, install, isBy } = await (rotatingCredentials[name] as () => Promise<RotatingCredentials>)();
    const clock = fakeClock();
    let known = 0;
    const taken: number[] = [];
    const server = await startTlsServer(async (request) => {
      const headers = { date: new Date(clock.now()).toUTCString() };
      if (!(await isBy(request, known))) return { ...refused('invalid_client', { status: 401 }), headers };
      taken.push(known);
      return { ...granted(`token-${taken.length}`, { expires_in: 60 }), headers };
    });
    const tokens = createTokenService({
      tokenEndpoint: `${server.origin}/token`,
      clientId: 'orders',
      clientAuthentication: authentication,
      fetch: trustingFetch,
      clock,
      random: () => 0.5,
    });
    const stateAt = schedule(clock);
    await install(0);

    const failures: unknown[] = [];
    let installed = 0;
    let token: AccessToken | undefined;
    for (let call = 1; call <= calls; call += 1) {
      const state = stateAt(call, token);
      known = state.server;
      if (state.file !== installed) await install((installed = state.file));
      try {
        token = await tokens.getToken();
        if (token.remainingMs(clock) <= 0) failures.push('expired');
        // Waits for a renewal that this call may have started, while the clock stands still.
        await tokens.getToken(undefined, { minValidityMs: 15_000 });
      } catch (error) {
        failures.push(error);
      }
      clock.advance(100);
    }

    expect(failures).toEqual([]);
    expect(new Set(taken)).toEqual(new Set([0, 1, 2, 3]));
    // Renewals during a rotation were rejected and repeated, and no call failed.
    expect(server.requests.length).toBeGreaterThan(taken.length + 1);
  },
);
