import { spawn } from 'node:child_process';
import { constants } from 'node:os';

import type { Verb } from '../command.js';
import { CommandError } from '../io/command-error.js';
import { openTokens } from '../token-source.js';

/** `m2m exec`: runs a command with a token in its environment. */
export const exec: Verb = {
  examples: [
    ['m2m exec -- terraform apply', 'terraform finds the token in ACCESS_TOKEN'],
    [`m2m exec -- sh -c 'curl -H "Authorization: Bearer $ACCESS_TOKEN" https://api.example.com'`, 'through a shell'],
  ],
  takesSettings: true,

  define(command) {
    command
      .argument('<command...>', 'the command and its arguments')
      .option('--cache', 'keep the token, encrypted, for the next run')
      .passThroughOptions();
  },

  async run({ args, flags, settings: read }, context) {
    const [file = '', ...rest] = args;
    const settings = await read();
    const { usesDpop } = await import('../settings/service-options.js');
    if (usesDpop(settings)) {
      throw new CommandError('a token that is bound to a key (DPoP) is of no use to a command without the key', {
        advice: 'm2m call sends requests with it; or leave --dpop out',
      });
    }
    const tokens = await openTokens(settings, context, { cache: flags['cache'] === true });
    const { value } = await tokens.getToken(undefined, { signal: context.signal });

    const child = spawn(file, rest, { stdio: 'inherit', env: { ...context.env, ACCESS_TOKEN: value } });
    // Ctrl-C reaches the command by itself; what is sent to this process only is passed on. It decides when it ends.
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

// The exit codes are those of shells.
function notStarted(file: string, { code }: NodeJS.ErrnoException): CommandError {
  return code === 'ENOENT'
    ? new CommandError(`there is no command ${JSON.stringify(file)}`, {
        advice: 'check its name and PATH',
        exitCode: 127,
      })
    : new CommandError(`${JSON.stringify(file)} cannot be run (${code})`, { advice: 'check its mode', exitCode: 126 });
}
