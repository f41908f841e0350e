import { Command as CommandLine, CommanderError, Help, Option } from 'commander';

import type { Command } from './command.js';
import type { CommandContext } from './context.js';
import { CommandError, exitCodesText } from './io/command-error.js';
import { settingDefinitions, type SettingName, settingNames, sourcesText } from './settings/definitions.js';
import { helpGroups, settingGroups } from './settings/help-groups.js';

/** The commands. A run loads only the one that it needs. */
const commands: Readonly<Record<string, readonly [summary: string, load: () => Promise<Command>]>> = {
  token: ['print an access token', async () => (await import('./commands/token.js')).token],
  call: [
    'call an API with a token; the flags are those of curl',
    async () => (await import('./commands/call/call.js')).call,
  ],
  exec: ['run a program with ACCESS_TOKEN in its environment', async () => (await import('./commands/exec.js')).exec],
  inspect: ['decode a JWT without verifying it', async () => (await import('./commands/inspect.js')).inspect],
  doctor: [
    'diagnose, step by step, why a grant fails or an API rejects the token',
    async () => (await import('./commands/doctor/doctor.js')).doctor,
  ],
  revoke: ['revoke a token, read from stdin or a prompt', async () => (await import('./commands/revoke.js')).revoke],
  config: ['print the settings and their sources', async () => (await import('./commands/config.js')).config],
  completion: [
    'print a completion script for bash, zsh or fish',
    async () => (await import('./commands/completion.js')).completion,
  ],
};

/** Runs a command and returns its exit code. `argv` is `process.argv` from index 2. Never rejects. */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  try {
    return await runCommand(argv, context);
  } catch (error) {
    // commander throws this after --help and --version.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const { reportError } = await import('./io/report-error.js');
    return reportError(context.signal.aborted ? context.signal.reason : error, context);
  }
}

async function runCommand(argv: readonly string[], context: CommandContext): Promise<number> {
  refuseEnvFile(argv);
  let exitCode = 0;

  const root = new CommandLine('m2m')
    .description(
      'Requests, uses and revokes access tokens of the OAuth 2.0 client credentials, JWT bearer and token exchange ' +
        'grants, and diagnoses failures.',
    )
    .usage('<command> [options]')
    .version(context.version, '--version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      // Errors are thrown; `run` reports them.
      writeErr: () => {},
    })
    .configureHelp({
      subcommandTerm: (command) => command.name(),
      groupItems: (...items) => {
        const position = (heading: string): number => (Object.values(helpGroups) as string[]).indexOf(heading);
        const groups = [...new Help().groupItems(...items)];
        return new Map(groups.toSorted(([a], [b]) => position(a) - position(b)));
      },
    })
    .enablePositionalOptions()
    .helpCommand(false)
    .addHelpText('after', ({ command }) => `\n${settingsText(command.createHelp())}\n\n${exitCodesText}`);

  const [requested] = argv;
  for (const [name, [summary, load]] of Object.entries(commands)) {
    const commandLine = root.command(name).description(summary);
    // `completion` needs the flags of all commands.
    if (requested !== name && requested !== 'completion') continue;
    const command = await load();
    command.define(commandLine);
    if (command.takesSettings) addSettings(commandLine);
    commandLine
      .addHelpText('after', () => examplesText(command))
      .action(async () => {
        const flags = commandLine.opts();
        refuseSecret(flags);
        const settings = async () => (await import('./settings/settings.js')).readSettings(flags, context);
        exitCode = await command.run({ args: commandLine.args, flags, commandLine, settings }, context);
      });
  }

  await root.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
  return exitCode;
}

const collect = (value: string, values: readonly string[] = []): readonly string[] => [...values, value];

function addSettings(commandLine: CommandLine): void {
  for (const [heading, names] of settingGroups) {
    for (const name of names) {
      const { flag, summary, variable, isForm } = settingDefinitions[name];
      if (flag === undefined) continue;
      const option = new Option(flag, `${summary} [${variable}]`).helpGroup(heading);
      commandLine.addOption(isForm ? option.argParser(collect) : option);
    }
  }
  commandLine
    .optionsGroup(helpGroups.common)
    .option('--env <path>', 'file that sets these variables, in lines NAME=value')
    .option('--profile <name>', 'name of a profile in profiles.json; m2m --help names its folder')
    .addOption(new Option('--client-secret [secret]').hideHelp());
}

// Node.js itself reads this flag if it precedes the first --, and applies NODE_OPTIONS from the file.
function refuseEnvFile(argv: readonly string[]): void {
  const end = argv.indexOf('--');
  const own = end < 0 ? argv : argv.slice(0, end);
  const flag = own.map((word) => /^--env-file(-if-exists)?(?==|$)/.exec(word)?.[0]).find((each) => each !== undefined);
  if (flag === undefined) return;
  throw new CommandError(`Node.js itself reads ${flag}, and NODE_OPTIONS in that file can run other code`, {
    advice: 'use --env; if the flag is for the program of exec, write -- before the program',
  });
}

function refuseSecret({ clientSecret }: Readonly<Record<string, unknown>>): void {
  if (clientSecret === undefined) return;
  throw new CommandError('every user of this machine can read a secret on the command line', {
    advice:
      'use OAUTH_CLIENT_SECRET, --client-secret-file (- for stdin) or the prompt; rotate this secret, which may be known',
  });
}

function settingsText(help: Help): string {
  const term = (name: SettingName): string => `   ${settingDefinitions[name].variable}`;
  const width = Math.max(...settingNames.map((name) => term(name).length));
  const groups = settingGroups.flatMap(([heading, names]) => [
    '',
    `   ${heading}`,
    ...names.map((name) => help.formatItem(term(name), width, settingDefinitions[name].summary, help)),
  ]);
  return [sourcesText, ...groups].join('\n');
}

function examplesText({ examples }: Command): string {
  return ['', 'Examples:', ...examples.flatMap(([line, comment]) => [`  $ ${line}`, `    ${comment}`])].join('\n');
}
