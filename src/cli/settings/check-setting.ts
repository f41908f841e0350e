import { describeBlank } from '../../core/blanks.js';
import { parseUrl } from '../../core/secure-url.js';
import { CommandError } from '../io/command-error.js';
import { isPath } from '../io/text.js';
import { settingDefinitions, type SettingName } from './definitions.js';

/**
 * Checks one setting for invisible characters (blanks, control characters) and for credentials in a URL. `source` names
 * it in messages.
 * @throws {CommandError} if it contains any of these; the message does not contain the value
 */
export function checkSetting(name: SettingName, value: string, source: string): void {
  const { isSecret, isList, isPath: hasPath } = settingDefinitions[name];
  // A secret is sent as it is. Blanks separate the members of a list.
  if (isSecret || isList) return;
  // A key in place of a path is an error when the file is read.
  if (hasPath && !isPath(value)) return;
  const blank = describeBlank(value);
  if (blank !== undefined) throw new CommandError(`${source} ${blank}`, { advice: 'remove it' });
  if (urls.has(name) && hasCredentials(value)) {
    throw new CommandError(`the URL of ${source} contains credentials`, {
      advice: 'remove them: the client id and its credentials are separate settings',
    });
  }
}

const urls: ReadonlySet<SettingName> = new Set([
  'issuer',
  'tokenEndpoint',
  'protectedResource',
  'revocationEndpoint',
  'identityUrl',
]);

// A password with a slash makes the URL malformed.
function hasCredentials(text: string): boolean {
  const url = parseUrl(text);
  return url === undefined ? text.includes('@') : url.username !== '' || url.password !== '';
}
