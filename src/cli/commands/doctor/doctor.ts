import type { Command } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { exitCodes } from '../../io/command-error.js';
import { printable, styleOf, write } from '../../io/terminal.js';
import { checkedUrl } from '../call/api-request.js';
import type { Finding, Group } from './finding.js';
import { summaryOf } from './summary.js';

/** `m2m doctor`: diagnoses a grant and the response of an API. */
export const doctor: Command = {
  examples: [
    ['m2m doctor', 'checks settings, network, certificate, metadata, clock and the grant'],
    ['m2m doctor https://api.example.com/orders', 'also checks that the API accepts the token'],
    ['m2m doctor --try-methods', 'also tries other client authentication methods: each counts as a failed sign-in'],
  ],
  takesSettings: true,

  define(commandLine) {
    commandLine
      .argument('[url]', 'URL of the API; the command sends a GET')
      .option('--try-methods', 'if the server rejects the client, try the other client authentication methods');
  },

  async run({ args: [url], flags, settings }, context) {
    const effective = await settings();
    const subject = {
      settings: effective,
      api: url === undefined ? undefined : checkedUrl(url, effective),
      triesMethods: flags['tryMethods'] === true,
    };
    const { diagnose } = await import('./diagnose.js');

    let exitCode: number = exitCodes.ok;
    const style = styleOf(context.stdout, context.env);
    const findings: Finding[] = [];
    let last: Group | undefined;
    for await (const { group, ...finding } of diagnose(subject, context)) {
      if (exitCode === exitCodes.ok) exitCode = finding.exitCode ?? exitCodes.ok;
      if (group !== last) await write(context.stdout, `${last === undefined ? '' : '\n'}${style('bold', group)}\n`);
      last = group;
      findings.push(finding);
      await write(context.stdout, linesOf(finding, context));
    }
    await write(context.stdout, `\n${summaryOf(findings, { last, hasApi: url !== undefined })}\n`);
    return exitCode;
  },
};

const marks = { info: ['dim', '·'], pass: ['green', '✓'], warn: ['yellow', '!'], fail: ['red', '✗'] } as const;

function linesOf({ verdict, what, advice = [] }: Finding, { stdout, env }: CommandContext): string {
  const style = styleOf(stdout, env);
  const [colour, mark] = marks[verdict];
  const steps = typeof advice === 'string' ? [advice] : advice;
  return `${style(colour, mark)} ${printable(what)}\n${steps.map((step) => `  ${style('dim', '→')} ${printable(step)}\n`).join('')}`;
}
