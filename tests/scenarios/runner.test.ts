import { describe, expect, test } from '@jest/globals';

import { asClientAuthentication } from '../../src/authentication/client-authentication.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { formatDuration, parseDuration } from '../support/scenario-duration.js';
import { parseScenarios, type Scenario, type Step } from '../support/scenario-format.js';
import { runScenario } from '../support/scenario-run.js';

const scenario = (...steps: readonly Step[]): Scenario => ({ name: 'an hour', given: { lifetime: '1h' }, steps });

describe('the runner', () => {
  test('returns nothing when all is as expected', async () => {
    const steps = [{ call: 1, expect: { token: 'token-1', waited: '0s', posts: 1 } }];

    expect(await runScenario(scenario(...steps))).toEqual([]);
  });

  test('names the scenario, the step, the expected and the actual values', async () => {
    const steps: Step[] = [
      { call: 1, expect: { token: 'token-1' } },
      { at: '54m', call: 1, expect: { token: 'token-2', posts: 7 } },
    ];

    expect(await runScenario(scenario(...steps))).toEqual([
      '"an hour", step 2 {"at":"54m","call":1,"expect":{"token":"token-2","posts":7}}',
      '  token: expected "token-2", was "token-1"',
      '  posts: expected 7, was 2',
    ]);
  });

  test.each<[string, Step, string]>([
    ['token', { call: 1, expect: { token: 'token-9' } }, 'token: expected "token-9", was "token-1"'],
    ['error in place of a token', { call: 1, expect: { error: 'ERR_X' } }, 'error: expected "ERR_X", was none'],
    ['wait', { call: 1, expect: { waited: '1s' } }, 'waited: expected "1s", was "0s"'],
    ['validity', { call: 1, expect: { validFor: '59m' } }, 'validFor: expected "59m", was "1h"'],
    ['scope', { call: 1, scope: 'a', expect: { scope: 'b' } }, 'scope: expected "b", was "a"'],
    ['number of requests', { call: 1, expect: { posts: [2, 3] } }, 'posts: expected [2,3], was 1'],
    ['event', { call: 1, expect: { events: [] } }, 'events: expected [], was ["grant.succeeded"]'],
    ['request', { call: 1, expect: { lastPost: { scope: 'a' } } }, 'lastPost.scope: expected "a", was null'],
    [
      'result without a call',
      { at: '1s', expect: { token: 'token-1' } },
      'token: expected "token-1", but the step has no call',
    ],
  ])('reports an unexpected %s', async (_what, step, line) => {
    expect(await runScenario(scenario(step))).toEqual([expect.any(String), `  ${line}`]);
  });

  test.each<[Step['expect'], string]>([
    [{ error: 'ERR_TOKEN_RESPONSE' }, 'error: expected "ERR_TOKEN_RESPONSE", was "ERR_GRANT_REJECTED"'],
    [{ error: 'ERR_GRANT_REJECTED', oauthError: 'x' }, 'oauthError: expected "x", was "invalid_scope"'],
    [{ error: 'ERR_GRANT_REJECTED', status: 401 }, 'status: expected 401, was 400'],
    [{ error: 'ERR_GRANT_REJECTED', retryAfter: '1s' }, 'retryAfter: expected "1s", was "5s"'],
    [{ error: 'ERR_GRANT_REJECTED', message: 'gone' }, 'message: expected "gone", was "'],
    [{ token: 'token-1' }, 'token: expected "token-1", was none'],
    [{ waited: '0s' }, 'error: expected none, was "ERR_GRANT_REJECTED: '],
  ])('reports a failure other than %j', async (expected, line) => {
    const steps: Step[] = [
      { server: 'rejects', error: 'invalid_scope' },
      { call: 1, expect: expected ?? {} },
    ];

    expect(await runScenario(scenario(...steps))).toContainEqual(expect.stringContaining(`  ${line}`));
  });

  test('counts the callers of each result if the results differ', async () => {
    const steps = [{ call: 1, every: '10m', until: '2h', expect: { token: 'token-1' } }];

    expect(await runScenario(scenario(...steps))).toContain(
      '  token: expected "token-1", was ["token-1 (6 times)","token-2 (6 times)"]',
    );
  });

  test('reports a call that never ends', async () => {
    let end = (_error: Error): void => {};
    const endless = new Promise<never>((_resolve, reject) => {
      end = reject;
    });
    const silent = asClientAuthentication({ prepare: () => endless, fingerprint: () => Promise.resolve('') });
    const given = { options: { clientSecret: undefined, clientAuthentication: silent } };

    const lines = await runScenario({ ...scenario({ call: 1 }), given });
    // Not retryable; otherwise the next attempt would wait for the stopped clock.
    end(new ConfigurationError('over'));

    expect(lines).toContain('  a call would never end');
  });

  test.each<[Step, string]>([
    [{ result: 'ann' }, 'there is no call named "ann"'],
    [{ call: 1, replacing: 'token-5' }, 'no call has returned token-5 yet'],
  ])('names the invalid step: %j', async (step, message) => {
    expect(await runScenario(scenario(step))).toEqual([expect.stringContaining('step 1'), `  Error: ${message}`]);
  });

  test('reports a time that has passed already', async () => {
    const steps: Step[] = [
      { at: '10s', wallClock: '-1h' },
      { at: '9s', call: 1 },
    ];

    expect(await runScenario(scenario(...steps))).toContain('  it is 10s already');
  });

  test('uses the same random numbers for the same seed', async () => {
    const jittered: Scenario = {
      name: 'jitter',
      given: { lifetime: '1h', random: 'seed 3' },
      steps: [
        { server: 'responds', status: 503, times: 2 },
        { call: 1, expect: { waited: '0s' } },
      ],
    };

    const lines = await runScenario(jittered);

    expect(lines[1]).toMatch(/was "\d+ms"/);
    expect(await runScenario(jittered)).toEqual(lines);
  });
});

describe('a file of scenarios', () => {
  const file = (steps: readonly object[], given: object = {}, more: object = {}) =>
    JSON.stringify({ about: 'A.', scenarios: [{ name: 'N', given, steps, ...more }] });

  test.each([
    [file([{ cal: 1 }]), '"N": step 1: "cal" is none of at, note, expect'],
    [file([{ call: 1, expect: { tokn: 'a' } }]), '"N": step 1: expect: "tokn" is none of token, error'],
    [file([{ call: 1, scopes: 'a' }]), '"N": step 1: "scopes" is none of'],
    [file([{ call: 1 }, { call: 1, lifetime: '1h' }]), '"N": step 2: "lifetime" is none of'],
    [file([{ server: 'grants', status: 503 }]), '"N": step 1: "status" is none of'],
    [file([{ server: 'dies' }]), '"N": step 1: "server" must not be "dies"'],
    [file([{ at: '1 hour', call: 1 }]), '"N": step 1: "at" must not be "1 hour"'],
    [file([{ call: 1.5 }]), '"N": step 1: "call" must not be 1.5'],
    [file([{ call: 1, server: 'grants' }]), '"N": step 1 has both "server" and "call"'],
    [file([{ at: '1s' }]), '"N": step 1 has neither an action nor an expectation'],
    [file([{ call: 1, expect: { posts: '1' } }]), '"N": step 1: expect: "posts" must not be "1"'],
    [file([]), '"N": "steps" must not be []'],
    [file([{ call: 1 }], { life: '1h' }), '"N": given: "life" is none of'],
    [file([{ call: 1 }], {}, { skip: true }), '"N": "skip" is none of name, given, steps'],
    [JSON.stringify({ scenario: [] }), '"scenario" is none of about, scenarios'],
  ])('must not contain %s', (json, message) => {
    expect(() => parseScenarios(json)).toThrow(message);
  });

  test.each([
    ['0s', 0],
    ['200ms', 200],
    ['59m30s', 3_570_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['-1h', -3_600_000],
  ])('parses and formats %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(formatDuration(ms)).toBe(text);
  });

  test.each(['', '5', '1.5s', '30s1m', '1 h', 'm', '+', '1h-5m'])('does not parse "%s" as a duration', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
