import { printable } from '../io/terminal.js';
import { isPath } from '../io/text.js';
import { settingDefinitions, type SettingName } from './definitions.js';

/**
 * The value of a setting, for the output: without secrets, without the values of parameters, and without a path that may be a
 * secret.
 */
export function shownSetting(name: SettingName, value: string): string {
  const { isSecret, isPath: hasPath, isForm } = settingDefinitions[name];
  if (isSecret) return '[redacted]';
  if (isForm) return [...new URLSearchParams(value).keys()].map((each) => `${printable(each)}=[redacted]`).join(' ');
  if (hasPath && value !== '-' && !isPath(value)) return '[not a path]';
  return printable(value);
}
