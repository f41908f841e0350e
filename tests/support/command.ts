import { clearLine, cursorTo } from 'node:readline';
import { Readable, Writable } from 'node:stream';

import type { CommandContext } from '../../src/cli/context.js';
import { run } from '../../src/cli/run.js';
import { systemClock } from '../../src/core/clock.js';
import type { Outcome } from './run-program.js';

/** The surroundings of a command, for {@link runCommand}. */
export interface CommandOptions {
  /** Environment variables. The default home folder does not exist. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string | Buffer;
  /** The streams that are a terminal. */
  readonly terminals?: readonly ('stdin' | 'stdout' | 'stderr')[];
  readonly context?: Partial<CommandContext>;
}

/** Runs the command in this process. */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const { context, stdout, stderr } = commandContext(options);
  const exitCode = await run(argv, context);
  return { exitCode, stdout: stdout(), stderr: stderr() };
}

/** The surroundings of a command, and its output. */
export interface TestContext {
  readonly context: CommandContext;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** Makes surroundings of a command that are independent of this process. */
export function commandContext({
  environment = {},
  stdin = '',
  terminals = [],
  context = {},
}: CommandOptions = {}): TestContext {
  const written = { stdout: '', stderr: '' };
  const writable = (name: 'stdout' | 'stderr') => {
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[name] += chunk.toString();
        done();
      },
    });
    if (!terminals.includes(name)) return Object.assign(stream, { isTTY: false });
    return Object.assign(stream, {
      isTTY: true,
      cursorTo: (x: number) => cursorTo(stream, x),
      clearLine: (direction: 0 | 1) => clearLine(stream, direction),
    });
  };
  return {
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    context: {
      stdin: Object.assign(Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]), {
        isTTY: terminals.includes('stdin'),
      }),
      stdout: writable('stdout'),
      stderr: writable('stderr'),
      env: { HOME: '/nonexistent', ...environment },
      proxyFor: async () => '',
      signal: new AbortController().signal,
      clock: systemClock,
      version: '0.0.0',
      ...context,
    },
  };
}

/** An environment with which a command gets a token. */
export const settingsFor = (tokenEndpoint: string): Readonly<Record<string, string>> => ({
  OAUTH_TOKEN_ENDPOINT: tokenEndpoint,
  OAUTH_CLIENT_ID: 'orders',
  OAUTH_CLIENT_SECRET: 'c4n4ry-s3cret',
});
