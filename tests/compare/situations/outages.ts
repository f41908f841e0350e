import { setTimeout as sleep } from 'node:timers/promises';

import { tokenOf } from '../servers.js';
import type { Situation } from '../situation.js';
import { callsInTurn, counted, firstToken, seconds } from './steps.js';

const unavailable = { status: 503, body: { error: 'temporarily_unavailable' } };

/** The authorization server fails. */
export const outages: readonly Situation[] = [
  {
    id: 'outage',
    rule: 'A2',
    right: 'while the authorization server is down, a valid token is used until 10 s before its expiry',
    feature: 'outage',
    async run(trial) {
      await firstToken(trial);
      trial.authorizationServer.answer = () => unavailable;
      let before = 3_600;
      for (const left of [1_100, 600, 250, 110, 45, 20, 10]) {
        trial.clock.move(seconds(before - left));
        before = left;
        if (!(await trial.call()).succeeded) return { passed: false, measured: `a call fails ${left} s before expiry` };
        await trial.authorizationServer.idle();
      }
      return { passed: true, measured: 'no call fails' };
    },
  },
  {
    id: 'expired-outage',
    rule: 'A3',
    right: 'when the token has expired during the outage, 20 calls in 2 s cause at most 10 grants',
    feature: 'spacing',
    async run(trial) {
      await firstToken(trial);
      trial.authorizationServer.answer = () => unavailable;
      trial.clock.move(seconds(3_601));
      const before = trial.authorizationServer.requests.length;
      await callsInTurn(trial, 20);
      const sent = trial.authorizationServer.requests.length - before;
      return { passed: sent <= 10, measured: counted(sent, 'grant') };
    },
  },
  {
    id: 'one-503',
    rule: 'A1',
    right: 'a call survives one 503 of the authorization server',
    feature: 'retries',
    async run(trial) {
      const { authorizationServer } = trial;
      authorizationServer.answer = () =>
        authorizationServer.requests.length === 1 ? unavailable : authorizationServer.grant();
      const { succeeded } = await trial.call();
      return { passed: succeeded, measured: succeeded ? 'tried again' : 'the call fails' };
    },
  },
  {
    id: 'retry-after',
    rule: 'A4',
    right: 'after a 429 with "Retry-After: 30", no grant is sent for 30 s, and calls work afterwards',
    feature: 'retry-after',
    async run(trial) {
      const { authorizationServer } = trial;
      const limited = { status: 429, headers: { 'retry-after': '30' }, body: { error: 'slow_down' } };
      authorizationServer.answer = () => limited;
      await trial.call();
      await callsInTurn(trial, 9);
      const sent = authorizationServer.requests.length;
      authorizationServer.answer = () => authorizationServer.grant();
      trial.clock.move(seconds(31));
      const { succeeded } = await trial.call();
      const later = succeeded ? 'calls work afterwards' : 'calls fail afterwards, too';
      return { passed: sent === 1 && succeeded, measured: `${counted(sent, 'grant')} for 10 calls; ${later}` };
    },
  },
  {
    id: 'hangs',
    rule: 'A24',
    right: 'with a limit of 1 s, a call ends within 4 s if the authorization server never responds',
    feature: 'deadline',
    limited: true,
    async run(trial) {
      trial.authorizationServer.answer = () => undefined;
      const outcome = await Promise.race([trial.call(), sleep(trial.paced(4_000))]);
      const measured = outcome ? `ends after ${(outcome.ms / 1_000).toFixed(1)} s` : 'still waits after 4 s';
      return { passed: outcome !== undefined && !outcome.succeeded, measured };
    },
  },
  {
    id: 'html',
    rule: 'A9',
    right: 'a 200 with HTML is an error, the API receives no made-up token, and the next call recovers',
    async run(trial) {
      const { authorizationServer, api } = trial;
      authorizationServer.answer = () => ({ headers: { 'content-type': 'text/html' }, body: '<h1>Sign in</h1>' });
      const { succeeded } = await trial.call();
      const madeUp = api.requests.map(tokenOf).find((token) => token !== undefined);
      authorizationServer.answer = () => authorizationServer.grant();
      trial.clock.move(seconds(20));
      const later = await trial.call();
      const problem = madeUp !== undefined ? `the API received "${madeUp}"` : 'the next call fails';
      const passed = !succeeded && madeUp === undefined && later.succeeded;
      return { passed, measured: passed ? 'an error, then a token' : problem };
    },
  },
  {
    id: 'abort',
    rule: 'B6',
    right: 'a caller that aborts ends at once, and the calls that wait for the same grant succeed',
    feature: 'abort',
    async run(trial) {
      trial.authorizationServer.delayMs = trial.paced(1_000);
      const aborted = trial.call({ signal: AbortSignal.timeout(trial.paced(100)) });
      await sleep(trial.paced(50));
      const others = await Promise.all([trial.call(), trial.call(), trial.call()]);
      const { ms, succeeded } = await aborted;
      const failed = others.filter((other) => !other.succeeded).length;
      const grants = trial.authorizationServer.requests.length;
      const ended = !succeeded && ms < trial.paced(800);
      const measured = `the caller ${ended ? 'ends at once' : 'waits on'}, ${failed} of 3 others fail, ${counted(grants, 'grant')}`;
      return { passed: ended && failed === 0 && grants === 1, measured };
    },
  },
];
