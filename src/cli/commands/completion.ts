import type { Command } from 'commander';

import type { Verb } from '../command.js';
import { CommandError } from '../io/command-error.js';
import { write } from '../io/terminal.js';

/** `m2m completion`: prints a script by which a shell completes verbs and flags. */
export const completion: Verb = {
  examples: [
    ['source <(m2m completion bash)', 'in ~/.bashrc'],
    ['source <(m2m completion zsh)', 'in ~/.zshrc, after compinit'],
    ['m2m completion fish > ~/.config/fish/completions/m2m.fish', 'once'],
  ],
  takesSettings: false,

  define(command) {
    command.argument('<shell>', 'bash, zsh or fish');
  },

  async run({ args: [shell = ''], command }, { stdout }) {
    const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
    if (script === undefined) {
      throw new CommandError(`there is no completion for ${JSON.stringify(shell)}`, {
        advice: 'bash, zsh and fish have one',
      });
    }
    await write(stdout, script(wordsOf(command.parent as Command)));
    return 0;
  },
};

/** A verb and what may follow it. */
interface Words {
  readonly verb: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
}

interface Flag {
  readonly name: string;
  readonly summary: string;
  readonly takesValue: boolean;
}

// Read off the command line itself, so that nothing is missing.
function wordsOf(root: Command): Words[] {
  return root.commands.map((command) => ({
    verb: command.name(),
    summary: command.description(),
    flags: command.options
      .filter(({ hidden }) => !hidden)
      .map((option) => ({
        name: option.long ?? option.short ?? '',
        summary: option.description,
        takesValue: option.required,
      })),
  }));
}

const scripts: Readonly<Record<string, (words: readonly Words[]) => string>> = { bash, zsh, fish };

function bash(words: readonly Words[]): string {
  return `_m2m() {
  local flags
  case "$COMP_CWORD:\${COMP_WORDS[1]}" in
    1:*) COMPREPLY=($(compgen -W '${words.map(({ verb }) => verb).join(' ')} --help --version' -- "\${COMP_WORDS[COMP_CWORD]}")); return ;;
${words.map(({ verb, flags }) => `    *:${verb}) flags='${flags.map(({ name }) => name).join(' ')} --help' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$flags" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _m2m m2m
`;
}

function zsh(words: readonly Words[]): string {
  const quote = (text: string) => text.replace(/[[\]:]/g, '\\$&').replaceAll("'", "'\\''");
  const flagOf = ({ name, summary, takesValue }: Flag) =>
    `'${name}[${quote(summary)}]${takesValue ? ':value:_files' : ''}'`;
  return `_m2m() {
  if (( CURRENT == 2 )); then
    local -a verbs=(${words.map(({ verb, summary }) => `'${verb}:${quote(summary)}'`).join(' ')})
    _describe verb verbs
    return
  fi
  case "$words[2]" in
${words.map(({ verb, flags }) => `    ${verb}) shift words; (( CURRENT-- )); _arguments ${flags.map(flagOf).join(' ')} '*:file:_files' ;;`).join('\n')}
  esac
}
compdef _m2m m2m
`;
}

function fish(words: readonly Words[]): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = words.flatMap(({ verb, summary, flags }) => [
    `complete -c m2m -n __fish_use_subcommand -f -a ${verb} -d ${quote(summary)}`,
    ...flags.map(
      ({ name, summary: what, takesValue }) =>
        `complete -c m2m -n '__fish_seen_subcommand_from ${verb}' -l ${name.replace(/^-+/, '')}${takesValue ? ' -r' : ''} -d ${quote(what)}`,
    ),
  ]);
  return `${lines.join('\n')}\n`;
}
