import type { Situation } from '../situation.js';
import { callsAtOnce, counted, firstToken, seconds } from './steps.js';

/** Getting, keeping and renewing tokens while the authorization server works. */
export const tokens: readonly Situation[] = [
  {
    id: 'first-calls',
    rule: 'D3',
    right: '50 first calls at once cause one grant',
    feature: 'coalescing',
    async run(trial) {
      trial.authorizationServer.delayMs = 50;
      const calls = await callsAtOnce(trial, 50);
      const failed = calls.filter(({ succeeded }) => !succeeded).length;
      const grants = trial.authorizationServer.requests.length;
      return { passed: grants === 1 && failed === 0, measured: `${counted(grants, 'grant')}, ${failed} failed calls` };
    },
  },
  {
    id: 'renewal-ahead',
    rule: 'Guarantees, 2',
    right: 'an hour-long token is renewed before it expires, and no call waits for that',
    feature: 'early-renewal',
    async run(trial) {
      await firstToken(trial);
      // Long, so that a busy machine does not look like a call that waits for the grant.
      const grantMs = trial.paced(1_000);
      trial.authorizationServer.delayMs = grantMs;
      trial.clock.move(seconds(3_600 - 1_500));
      for (let left = 1_500; left > 0; left -= 10) {
        const { succeeded, ms } = await trial.call();
        await trial.authorizationServer.idle();
        const isRenewed = trial.authorizationServer.requests.length > 1;
        if (isRenewed || !succeeded) {
          const waited = ms > 0.8 * grantMs;
          const measured = `renewed ${left} s before expiry, ${waited ? 'a call waits for it' : 'no call waits'}`;
          return { passed: succeeded && !waited, measured };
        }
        trial.clock.move(seconds(10));
      }
      return { passed: false, measured: 'not renewed before expiry' };
    },
  },
  {
    id: 'short-lived',
    rule: 'A14',
    right: 'ten calls within 25 s use one token of 60 s',
    feature: 'any-server',
    async run(trial) {
      trial.authorizationServer.answer = () => trial.authorizationServer.grant({ lifetimeSeconds: 60 });
      let failed = 0;
      for (let call = 0; call < 10; call += 1) {
        if (!(await trial.call()).succeeded) failed += 1;
        await trial.authorizationServer.idle();
        trial.clock.move(seconds(2.5));
      }
      const grants = trial.authorizationServer.requests.length;
      return { passed: grants === 1 && failed === 0, measured: `${counted(grants, 'grant')}, ${failed} failed calls` };
    },
  },
  {
    id: 'no-lifetime',
    rule: 'A11',
    right: 'a token without expires_in is kept for a while, but not used after its real expiry',
    feature: 'any-server',
    async run(trial) {
      trial.authorizationServer.answer = () => trial.authorizationServer.grant({ named: false });
      const calls = [await trial.call(), await trial.call(), await trial.call(), await trial.call()];
      const failed = calls.filter(({ succeeded }) => !succeeded).length;
      const grants = trial.authorizationServer.requests.length;
      trial.clock.move(seconds(7_200));
      const { succeeded } = await trial.call();
      const later = succeeded ? 'a later call succeeds' : 'a later call uses the expired token';
      const measured = failed > 0 ? `${failed} of 4 calls failed` : `${counted(grants, 'grant')} for 4 calls; ${later}`;
      return { passed: grants === 1 && failed === 0 && succeeded, measured };
    },
  },
  {
    id: 'rotation',
    rule: 'F1',
    right: 'a secret (or identity token) that was replaced is used for the next grant',
    feature: 'rotation',
    async run(trial) {
      const { authorizationServer } = trial;
      const refusal = { status: 401, body: { error: 'invalid_client' } };
      authorizationServer.answer = ({ headers, body }) => {
        const basic = Buffer.from(headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
        return `${basic} ${body}`.includes(trial.secret.current) ? authorizationServer.grant() : refusal;
      };
      await firstToken(trial);
      await trial.secret.replace('another-secret-2');
      trial.clock.move(seconds(3_601));
      const { succeeded } = await trial.call();
      return { passed: succeeded, measured: succeeded ? 'the new one is used' : 'the old one is used, calls fail' };
    },
  },
  {
    id: 'exit',
    rule: 'D16',
    right: 'a program that has made its call ends within 3 s',
    async run(trial) {
      const ms = await trial.callInOwnProcess();
      return { passed: ms < 3_000, measured: ms < 3_000 ? 'ends' : 'does not end within 3 s' };
    },
  },
];
