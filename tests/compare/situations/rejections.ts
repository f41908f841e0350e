import { setTimeout as sleep } from 'node:timers/promises';

import type { Situation } from '../situation.js';
import { callsAtOnce, counted, firstToken } from './steps.js';

/** The API rejects the token. */
export const rejections: readonly Situation[] = [
  {
    id: 'one-401',
    rule: 'E1',
    right: 'after a 401, one new token and one resend: the call succeeds',
    feature: 'resend',
    sends: true,
    async run(trial) {
      await firstToken(trial);
      const sent = trial.api.requests.length;
      const asked = trial.authorizationServer.requests.length;
      trial.api.revokeAll();
      const { succeeded } = await trial.call();
      const requests = trial.api.requests.length - sent;
      const grants = trial.authorizationServer.requests.length - asked;
      const passed = succeeded && requests === 2 && grants === 1;
      const measured = `the call ${succeeded ? 'succeeds' : 'fails'}, ${counted(requests, 'request')}, ${counted(grants, 'grant')}`;
      return { passed, measured };
    },
  },
  {
    id: '401-storm',
    rule: 'E4',
    right: '50 calls that get a 401, some of them late, cause one grant; all succeed',
    feature: 'resend',
    sends: true,
    async run(trial) {
      await firstToken(trial);
      const asked = trial.authorizationServer.requests.length;
      trial.api.revokeAll();
      let rejected = 0;
      trial.api.rejectionDelayMs = () => {
        rejected += 1;
        return rejected % 2 === 0 ? 200 : 0;
      };
      const calls = await callsAtOnce(trial, 50);
      const failed = calls.filter(({ succeeded }) => !succeeded).length;
      const grants = trial.authorizationServer.requests.length - asked;
      return {
        passed: grants === 1 && failed === 0,
        measured: `${counted(grants, 'grant')}, ${failed} of 50 calls fail`,
      };
    },
  },
  {
    id: 'always-401',
    rule: 'E2 E3',
    right: 'an API that rejects every token gets at most two requests a call, and ten calls cause at most 3 grants',
    feature: 'resend',
    sends: true,
    async run(trial) {
      await firstToken(trial);
      trial.api.accepts = () => false;
      const sent = trial.api.requests.length;
      for (let call = 0; call < 10; call += 1) await trial.call();
      const requests = trial.api.requests.length - sent;
      const grants = trial.authorizationServer.requests.length;
      return {
        passed: requests <= 20 && grants <= 3,
        measured: `${counted(requests, 'request')}, ${counted(grants, 'grant')}`,
      };
    },
  },
  {
    id: 'revoked-again',
    rule: 'R-35',
    right: 'a token that is revoked one second after it replaced a revoked one is replaced, too: the call succeeds',
    feature: 'resend',
    sends: true,
    async run(trial) {
      await firstToken(trial);
      trial.api.revokeAll();
      await trial.call();
      await sleep(trial.paced(1_000));
      trial.api.revokeAll();
      const { succeeded } = await trial.call();
      return { passed: succeeded, measured: succeeded ? 'the call succeeds' : 'the call gets the 401' };
    },
  },
  {
    id: 'insufficient-scope',
    rule: 'E5',
    right: 'a 403 with insufficient_scope causes no grant and no resend',
    sends: true,
    async run(trial) {
      await firstToken(trial);
      const challenge = { 'www-authenticate': 'Bearer error="insufficient_scope"' };
      trial.api.respond = () => ({ status: 403, headers: challenge, body: { error: 'no' } });
      const sent = trial.api.requests.length;
      const asked = trial.authorizationServer.requests.length;
      const { status } = await trial.call();
      const requests = trial.api.requests.length - sent;
      const grants = trial.authorizationServer.requests.length - asked;
      return {
        passed: status === 403 && requests === 1 && grants === 0,
        measured: `${counted(requests, 'request')}, ${counted(grants, 'grant')}`,
      };
    },
  },
];
