import { PassThrough } from 'node:stream';

import { expect, test } from '@jest/globals';

import { run } from '../../../src/cli/run.js';
import { fakeClock } from '../../support/clock.js';
import { commandContext, runCommand } from '../../support/command.js';

const encode = (members: object): string => Buffer.from(JSON.stringify(members)).toString('base64url');
const jwt = `${encode({ alg: 'RS256', kid: '1' })}.${encode({
  iss: 'https://auth.example.com',
  aud: ['a', 'b'],
  exp: Date.UTC(2026, 0, 1, 1, 30) / 1_000,
  iat: Date.UTC(2025, 11, 31) / 1_000,
  nbf: 1e300,
  'x\u001b': '\u009b2J',
})}.signature`;

const decoded = `header
  alg  RS256
  kid  1
claims
  iss      https://auth.example.com
  aud      ["a","b"]
  exp      1767231000  2026-01-01T01:30:00Z (in 1 h 30 min)
  iat      1767139200  2025-12-31T00:00:00Z (1 d ago)
  nbf      1e+300
  x\\u001b  \\u009b2J
`;

test.each([
  ['an argument', [jwt], ''],
  ['stdin', [], `${jwt}\n`],
  ['stdin that is a header', [], `Authorization: Bearer ${jwt}\n`],
])('decodes the token of %s, and prints that it is not verified', async (_, argv, stdin) => {
  const outcome = await runCommand(['inspect', ...argv], { stdin, context: { clock: fakeClock() } });

  expect(outcome).toEqual({
    exitCode: 0,
    stdout: decoded,
    stderr: 'm2m: the signature is not verified\n',
  });
});

test('prompts for the token on a terminal', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const { context, stdout } = commandContext({ terminals: ['stderr'], context: { stdin, clock: fakeClock() } });

  const outcome = run(['inspect'], context);
  stdin.write(`${jwt}\n`);

  expect(await outcome).toBe(0);
  expect(stdout()).toBe(decoded);
});

test.each([
  ['nothing', '', 'the token is missing'],
  ['an opaque token', 'c4n4ry', 'the token is not a JWT'],
  ['three parts without JSON', 'c4n4ry.c4n4ry.c4n4ry', 'the token is not a JWT'],
])('refuses %s, and does not repeat it [F4]', async (_, stdin, message) => {
  const { exitCode, stdout, stderr } = await runCommand(['inspect'], { stdin });

  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('c4n4ry');
});

test.each<[object, string]>([
  [
    { sub: 'spiffe://example.org/orders', aud: ['a', 'b'], exp: Date.UTC(2026, 0, 1, 1, 30) / 1_000 },
    `identity
  subject   the SPIFFE workload spiffe://example.org/orders
  audience  a, b
  expiry    2026-01-01T01:30:00Z (in 1 h 30 min)
`,
  ],
  [
    { sub: 'system:serviceaccount:shop:orders' },
    `identity
  subject   the Kubernetes service account orders in the namespace shop
  audience  none: any server may accept it
  expiry    none
`,
  ],
])('explains an identity token: %j', async (claims, identity) => {
  const stdin = `${encode({ alg: 'RS256' })}.${encode(claims)}.signature`;

  const { stdout } = await runCommand(['inspect'], { stdin, context: { clock: fakeClock() } });

  expect(stdout.slice(stdout.indexOf('identity\n'))).toBe(identity);
});
