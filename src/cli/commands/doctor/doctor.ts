import type { Verb } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { exitCodes } from '../../io/command-error.js';
import { printable, styleOf, write } from '../../io/terminal.js';
import { checkedUrl } from '../call/api-request.js';
import type { Finding } from './finding.js';

/** `m2m doctor`: finds out why it does not work. */
export const doctor: Verb = {
  examples: [
    ['m2m doctor', 'settings, network, certificate, metadata, clock, and the grant itself'],
    ['m2m doctor https://api.example.com/orders', 'and what the API says to the token'],
    ['m2m doctor --try-methods', 'also tries other ways to send the secret: each one counts as a failed sign-in'],
  ],
  takesSettings: true,

  define(command) {
    command
      .argument('[url]', 'an URL of the API, which is asked with GET')
      .option('--try-methods', 'after invalid_client, try the other client authentication methods');
  },

  async run({ args: [url], flags, settings }, context) {
    const examination = {
      settings: await settings(),
      api: url === undefined ? undefined : checkedUrl(url),
      triesMethods: flags['tryMethods'] === true,
    };
    const { examine } = await import('./diagnose.js');

    let exitCode: number = exitCodes.ok;
    for await (const finding of examine(examination, context)) {
      if (exitCode === exitCodes.ok) exitCode = finding.exitCode ?? exitCodes.ok;
      await write(context.stdout, lines(finding, context));
    }
    return exitCode;
  },
};

const marks = { good: ['green', '✓'], doubtful: ['yellow', '!'], bad: ['red', '✗'] } as const;

function lines({ verdict, what, advice = [] }: Finding, { stdout, env }: CommandContext): string {
  const style = styleOf(stdout, env);
  const [colour, mark] = marks[verdict];
  const all = typeof advice === 'string' ? [advice] : advice;
  return `${style(colour, mark)} ${printable(what)}\n${all.map((line) => `  ${style('dim', '→')} ${printable(line)}\n`).join('')}`;
}
