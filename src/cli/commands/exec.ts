import { spawn } from 'node:child_process';
import { constants } from 'node:os';

import type { Command } from '../command.js';
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
      .option('--cache', 'keep the token, encrypted, for the next run')
      .passThroughOptions();
  },

  async run({ args, flags, settings: read }, context) {
    const [file = '', ...rest] = args;
    const settings = await read();
    const { usesDpop } = await import('../settings/service-options.js');
    if (usesDpop(settings)) {
      throw new CommandError('a program cannot use a DPoP token, because it does not have the key', {
        advice: 'send requests with m2m call, or leave --dpop out',
      });
    }
    const tokens = await openTokenSource(settings, context, { cache: flags['cache'] === true });
    const { value } = await tokens.getToken(undefined, { signal: context.signal });

    const child = spawn(file, rest, { stdio: 'inherit', env: { ...context.env, ACCESS_TOKEN: value } });
    // The program decides when it ends. The terminal sends Ctrl-C to it; SIGTERM reaches this process only.
    const passOn = () => child.kill('SIGTERM');
    process.on('SIGTERM', passOn);
    process.on('SIGINT', ignore);
    try {
      return await new Promise<number>((resolve, reject) => {
        child.once('error', (error: NodeJS.ErrnoException) => reject(notStarted(file, error)));
        child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]));
      });
    } finally {
      process.off('SIGTERM', passOn);
      process.off('SIGINT', ignore);
    }
  },
};

const ignore = () => {};

// With the exit codes of shells.
function notStarted(file: string, { code }: NodeJS.ErrnoException): CommandError {
  return code === 'ENOENT'
    ? new CommandError(`the program ${JSON.stringify(file)} does not exist`, {
        advice: 'check its name and PATH',
        exitCode: 127,
      })
    : new CommandError(`${JSON.stringify(file)} cannot be run (${code})`, { advice: 'check its mode', exitCode: 126 });
}
