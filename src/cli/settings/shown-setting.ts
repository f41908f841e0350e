import { printable } from '../io/terminal.js';
import { isPath } from '../io/text.js';
import { settingDefinitions, type SettingName } from './definitions.js';

/**
 * The value of a setting, for the output: without secrets, without the values of parameters, without the arguments of a
 * program, and without a path that may be a secret.
 */
export function shownSetting(name: SettingName, value: string): string {
  const { isSecret, isPath: hasPath, isForm, isCommand } = settingDefinitions[name];
  if (isSecret) return '[redacted]';
  if (isCommand) return shownCommand(value);
  if (isForm) return [...new URLSearchParams(value).keys()].map((each) => `${printable(each)}=[redacted]`).join(' ');
  if (hasPath && value !== '-' && !isPath(value)) return '[not a path]';
  return printable(value);
}

function shownCommand(command: string): string {
  const [program = '', ...args] = command.split(/\s+/).filter(Boolean);
  return args.length === 0 ? printable(program) : `${printable(program)} [${args.length} redacted]`;
}
