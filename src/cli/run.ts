import { Command, CommanderError, Option } from 'commander';

import type { Verb } from './command.js';
import type { CommandContext } from './context.js';
import { CommandError, exitCodesText } from './io/command-error.js';
import { settingNames, settingTable, sourcesText } from './settings/definitions.js';

/** The verbs. Each is loaded when it is asked for, since every run pays for what is loaded. */
const verbs: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Verb> }>> = {
  token: {
    summary: 'print an access token, and nothing else',
    load: async () => (await import('./commands/token.js')).token,
  },
  call: {
    summary: 'call an API with a token; the flags are those of curl',
    load: async () => (await import('./commands/call/call.js')).call,
  },
  exec: {
    summary: 'run a command with ACCESS_TOKEN in its environment',
    load: async () => (await import('./commands/exec.js')).exec,
  },
  inspect: {
    summary: 'decode a JWT without verifying it; times and durations for people',
    load: async () => (await import('./commands/inspect.js')).inspect,
  },
  doctor: {
    summary: 'find out, step by step, why there is no token or why the API refuses it',
    load: async () => (await import('./commands/doctor/doctor.js')).doctor,
  },
  revoke: {
    summary: 'revoke a token, which comes by stdin',
    load: async () => (await import('./commands/revoke.js')).revoke,
  },
  config: {
    summary: 'print the settings in effect and where each came from; secrets are not shown',
    load: async () => (await import('./commands/config.js')).config,
  },
  completion: {
    summary: 'print a script for the completion of bash, zsh or fish',
    load: async () => (await import('./commands/completion.js')).completion,
  },
};

/** Runs the command with these arguments, without the names of node and the program, and returns its exit code. Never rejects. */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  try {
    return await runVerb(argv, context);
  } catch (error) {
    // --help and --version end so too.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const { reportError } = await import('./io/report-error.js');
    return reportError(context.signal.aborted ? context.signal.reason : error, context);
  }
}

async function runVerb(argv: readonly string[], context: CommandContext): Promise<number> {
  let exitCode = 0;

  const root = new Command('m2m')
    .description('Gets, uses and diagnoses access tokens of the OAuth 2.0 client credentials grant.')
    .usage('<verb> [options]')
    .version(context.version, '--version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      // Errors are thrown, and reported with all others.
      writeErr: () => {},
    })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .enablePositionalOptions()
    .helpCommand(false)
    .addHelpText('after', () => `\n${settingsText()}\n\n${exitCodesText}`);

  const [asked] = argv;
  for (const [name, { summary, load }] of Object.entries(verbs)) {
    const command = root.command(name).description(summary);
    // The scripts for completion are made of all verbs.
    if (asked !== name && asked !== 'completion') continue;
    const verb = await load();
    verb.define(command);
    if (verb.takesSettings) addSettings(command);
    command
      .addHelpText('after', () => examplesText(verb))
      .action(async () => {
        const flags = command.opts();
        refuseSecret(flags);
        const settings = async () => (await import('./settings/settings.js')).readSettings(flags, context);
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
