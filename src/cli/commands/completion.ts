import type { Command as CommandLine } from 'commander';

import type { Command } from '../command.js';
import { CommandError } from '../io/command-error.js';
import { write } from '../io/terminal.js';

/** `m2m completion`: prints a completion script for the commands and flags. */
export const completion: Command = {
  examples: [
    ['source <(m2m completion bash)', 'add this line to ~/.bashrc'],
    ['source <(m2m completion zsh)', 'add this line to ~/.zshrc, after compinit'],
    ['m2m completion fish > ~/.config/fish/completions/m2m.fish', 'run this once'],
  ],
  takesSettings: false,

  define(commandLine) {
    commandLine.argument('<shell>', 'bash, zsh or fish');
  },

  async run({ args: [shell = ''], commandLine }, { stdout }) {
    const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
    if (script === undefined) {
      throw new CommandError(`the shell ${JSON.stringify(shell)} is not supported`, {
        advice: 'use bash, zsh or fish',
      });
    }
    await write(stdout, script((commandLine.parent as CommandLine).commands));
    return 0;
  },
};

type Commands = readonly CommandLine[];

const scripts: Readonly<Record<string, (commands: Commands) => string>> = { bash, zsh, fish };

const flagsOf = ({ options }: CommandLine) =>
  options
    .filter(({ hidden }) => !hidden)
    .map(({ long, description, required }) => ({ flag: long ?? '', description, takesValue: required }));

function bash(commands: Commands): string {
  const names = commands.map((command) => command.name()).join(' ');
  const flags = commands.map(
    (command) =>
      `    *:${command.name()}) flags='${flagsOf(command)
        .map(({ flag }) => flag)
        .join(' ')} --help' ;;`,
  );
  return `_m2m() {
  local flags
  case "$COMP_CWORD:\${COMP_WORDS[1]}" in
    1:*) COMPREPLY=($(compgen -W '${names} --help --version' -- "\${COMP_WORDS[COMP_CWORD]}")); return ;;
${flags.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$flags" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _m2m m2m
`;
}

function zsh(commands: Commands): string {
  const quote = (text: string) => text.replace(/[[\]:]/g, '\\$&').replaceAll("'", "'\\''");
  const descriptions = commands.map((command) => `'${command.name()}:${quote(command.description())}'`);
  const flags = commands.map((command) => {
    const words = flagsOf(command).map(
      ({ flag, description, takesValue }) => `'${flag}[${quote(description)}]${takesValue ? ':value:_files' : ''}'`,
    );
    return `    ${command.name()}) shift words; (( CURRENT-- )); _arguments ${words.join(' ')} '*:file:_files' ;;`;
  });
  return `_m2m() {
  if (( CURRENT == 2 )); then
    local -a names=(${descriptions.join(' ')})
    _describe command names
    return
  fi
  case "$words[2]" in
${flags.join('\n')}
  esac
}
compdef _m2m m2m
`;
}

function fish(commands: Commands): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = commands.flatMap((command) => [
    `complete -c m2m -n __fish_use_subcommand -f -a ${command.name()} -d ${quote(command.description())}`,
    ...flagsOf(command).map(
      ({ flag, description, takesValue }) =>
        `complete -c m2m -n '__fish_seen_subcommand_from ${command.name()}' -l ${flag.slice(2)}${takesValue ? ' -r' : ''} -d ${quote(description)}`,
    ),
  ]);
  return `${lines.join('\n')}\n`;
}
