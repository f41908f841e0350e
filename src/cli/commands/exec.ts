import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';

import type { Command } from '../command.js';
import type { CommandContext } from '../context.js';
import { CommandError } from '../io/command-error.js';
import { openTokenSource } from '../token-source.js';

/** `m2m exec`: runs a program with a token in its environment. */
export const exec: Command = {
  examples: [
    ['m2m exec -- terraform apply', 'terraform reads the token from ACCESS_TOKEN'],
    [`m2m exec -- sh -c 'curl -H "Authorization: Bearer $ACCESS_TOKEN" https://api.example.com'`, 'runs a shell'],
  ],
  takesSettings: true,

  define(commandLine) {
    commandLine
      .argument('<program...>', 'the program and its arguments')
      .option('--cache', 'cache the token, encrypted, for later runs')
      .passThroughOptions();
  },

  async run({ args, flags, settings: read }, context) {
    const [file = '', ...rest] = args;
    const settings = await read();
    const { usesDpop } = await import('../settings/service-options.js');
    if (usesDpop(settings)) {
      throw new CommandError('a program cannot use a DPoP token, because it does not have the DPoP key', {
        advice: 'send requests with m2m call, or leave --dpop out',
      });
    }
    const tokens = await openTokenSource(settings, context, { cache: flags['cache'] === true });
    const { value } = await tokens.getToken(undefined, { signal: context.signal });

    let child: ChildProcess | undefined;
    // The program decides how it handles a signal, so this process forwards signals and waits.
    const forward = (signal: NodeJS.Signals) => void (isFromTerminal(signal, context) || child?.kill(signal));
    // Before the program starts, so that no signal is lost.
    for (const signal of signals) process.on(signal, forward);
    try {
      const started = spawn(file, rest, { stdio: 'inherit', env: { ...context.env, ACCESS_TOKEN: value } });
      child = started;
      return await new Promise<number>((resolve, reject) => {
        started.once('error', (error: NodeJS.ErrnoException) => reject(notStarted(file, error)));
        started.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]));
      });
    } finally {
      for (const signal of signals) process.off(signal, forward);
    }
  },
};

const signals = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;

// A terminal sends SIGINT and SIGQUIT to the program as well. Forwarding would deliver them twice.
const isFromTerminal = (signal: NodeJS.Signals, { stdin, stdout, stderr }: CommandContext): boolean =>
  (signal === 'SIGINT' || signal === 'SIGQUIT') && [stdin, stdout, stderr].some(({ isTTY }) => isTTY);

// The exit codes are those of shells.
function notStarted(file: string, { code }: NodeJS.ErrnoException): CommandError {
  return code === 'ENOENT'
    ? new CommandError(`the program ${JSON.stringify(file)} does not exist`, {
        advice: 'check its name and PATH',
        exitCode: 127,
      })
    : new CommandError(`${JSON.stringify(file)} cannot be run (${code})`, {
        advice: 'check that it is executable',
        exitCode: 126,
      });
}
