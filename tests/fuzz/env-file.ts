import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { runCommand } from '../support/command.js';
import { type FuzzTarget, must } from './fuzz-target.js';
import { anyText, secret } from './inputs.js';

const folder = mkdtempSync(join(tmpdir(), 'm2m-fuzz-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const names = [
  'OAUTH_ISSUER',
  'OAUTH_TOKEN_ENDPOINT',
  'OAUTH_CLIENT_ID',
  'OAUTH_CLIENT_SECRET',
  'OAUTH_DPOP',
  'OAUTH_SCOPE',
  'OAUTH_ASSUME_BEARER',
  'OAUTH_PARAMETER',
  'OAUTH_KEY_FILE',
  'NODE_OPTIONS',
  '__proto__',
  'export OAUTH_SCOPE',
  '',
];
const values = [
  'https://a.example',
  'true',
  'a=1&b=2',
  'a=1&a=2',
  '"',
  "'",
  '`',
  '#',
  '\\',
  '"a\nb"',
  '$HOME',
  '\u001b[31m',
];

const otherText = anyText.filter((text) => !text.includes(secret));
const line = fc
  .tuple(
    fc.constantFrom(...names),
    fc.constantFrom('=', ' = ', '', '=='),
    fc.array(fc.oneof(fc.constantFrom(...values, '\ufeff', '\u0000'), otherText), { maxLength: 2 }),
  )
  .map(([name, is, value]) => `${name}${is}${value.join('')}`);

/** The contents of the file of `--env`. */
export const envFile: FuzzTarget = {
  name: 'env file',
  inputs: fc
    .tuple(
      fc.array(line, { maxLength: 5 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.constantFrom('', '\ufeff'),
      fc.boolean(),
    )
    .map(([lines, end, mark, isUtf16]) =>
      Buffer.from(mark + [...lines, `OAUTH_CLIENT_SECRET=${secret}`].join(end), isUtf16 ? 'utf16le' : 'utf8'),
    ),
  corpus: [
    Buffer.from(''),
    Buffer.from([0xff, 0xfe]),
    Buffer.from([0xef, 0xbb, 0xbf]),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('OAUTH_SCOPE="'.repeat(20_000)),
  ],
  async read(bytes: Buffer) {
    const path = join(folder, 'env');
    await writeFile(path, bytes);
    const { exitCode, stdout, stderr } = await runCommand(['config', '--env', path]);
    must([0, 2].includes(Number(exitCode)), 'the settings are shown, or are wrong');
    must((exitCode === 0) === (stderr === ''), 'an error says something');
    // eslint-disable-next-line no-control-regex -- these are what is searched for
    must(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(stdout + stderr), 'nothing printed controls a terminal');
    must(!(stdout + stderr).includes(secret), 'no secret is printed');
  },
};
