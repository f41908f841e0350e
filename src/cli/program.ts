import { Command, Option } from 'commander';

import type { CommandContext } from './command-context.js';
import { CommandError } from './command-error.js';
import { exitCodesText } from './exit-codes.js';
import { settingNames, settingTable } from './settings/setting-table.js';
import { readSettings, sourcesText } from './settings/settings.js';
import type { Verb } from './verb.js';

/** The command line of the verbs. */
export interface Program {
  /** Runs what the arguments say and returns the exit code. */
  parse(argv: readonly string[]): Promise<number>;
}

/** Makes the command line of some verbs. */
export function program(verbs: readonly Verb[], context: CommandContext): Program {
  let exitCode = 0;

  const root = new Command('m2m')
    .description('Gets, uses and diagnoses access tokens of the OAuth 2.0 client credentials grant.')
    .version(context.version, '--version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      // Errors are thrown, and reported with all others.
      writeErr: () => {},
    })
    .enablePositionalOptions()
    .helpCommand(false)
    .addHelpText('after', `\n${settingsText()}\n\n${exitCodesText}`);

  for (const verb of verbs) {
    const command = root
      .command(verb.name)
      .description(verb.summary)
      .addHelpText('after', () => examplesText(verb));
    verb.define(command);
    if (verb.takesSettings) addSettings(command);
    command.action(async () => {
      const flags = command.opts();
      refuseSecret(flags);
      const settings = () => readSettings(flags, context);
      exitCode = await verb.run({ args: command.args, flags, command, settings }, context);
    });
  }

  return {
    async parse(argv) {
      // What is left is that nothing was asked for: the help is the answer.
      await root.parseAsync(argv.length === 0 ? ['--help'] : [...argv], { from: 'user' });
      return exitCode;
    },
  };
}

function addSettings(command: Command): void {
  for (const name of settingNames) {
    const { flag, summary, variable } = settingTable[name];
    if (flag !== undefined) command.addOption(new Option(flag, `${summary} [${variable}]`));
  }
  command
    .option('--env-file <path>', 'file of lines NAME=value with these variables')
    .option('--profile <name>', 'settings from profiles.json in ~/.config/m2m-tokens')
    .addOption(new Option('--client-secret [secret]').hideHelp());
}

function refuseSecret({ clientSecret }: Readonly<Record<string, unknown>>): void {
  if (clientSecret === undefined) return;
  throw new CommandError('a secret on the command line can be read by everybody on this machine', {
    advice:
      'set OAUTH_CLIENT_SECRET or --client-secret-file (- for stdin), or wait to be asked; and change this secret',
  });
}

function settingsText(): string {
  const rows = settingNames.map((name) => settingTable[name]);
  const width = Math.max(...rows.map(({ variable }) => variable.length));
  return [sourcesText, ...rows.map(({ variable, summary }) => `     ${variable.padEnd(width)}  ${summary}`)].join('\n');
}

function examplesText({ examples }: Verb): string {
  return ['', 'Examples:', ...examples.flatMap(([typed, result]) => [`  $ ${typed}`, `    ${result}`])].join('\n');
}
