import { Command, CommanderError, Option } from 'commander';

import type { CommandContext } from './command-context.js';
import { CommandError, exitCodesText } from './command-error.js';
import { reportError } from './report-error.js';
import { settingNames, settingTable } from './settings/setting-table.js';
import { readSettings, sourcesText } from './settings/settings.js';
import type { Verb } from './verb.js';
import { call } from './verbs/call.js';
import { completion } from './verbs/completion.js';
import { config } from './verbs/config.js';
import { doctor } from './verbs/doctor.js';
import { exec } from './verbs/exec.js';
import { inspect } from './verbs/inspect.js';
import { token } from './verbs/token.js';

const verbs = [token, call, exec, inspect, doctor, config, completion];

/** Runs the command with these arguments, without the names of node and the program, and returns its exit code. Never rejects. */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  try {
    return await runVerb(argv, context);
  } catch (error) {
    // --help and --version end so too.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    return reportError(context.signal.aborted ? context.signal.reason : error, context);
  }
}

async function runVerb(argv: readonly string[], context: CommandContext): Promise<number> {
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

  // The help is the answer to nothing at all.
  await root.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
  return exitCode;
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
