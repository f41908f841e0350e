import { isTokenError } from '../../core/errors.js';
import type { IdentitySettings } from '../../service/identity-kinds.js';
import type { CommandContext } from '../context.js';
import { CommandError, exitCodes } from '../io/command-error.js';
import { messageAndAdvice } from '../io/report-error.js';
import { allowedUrl } from './allowed-url.js';
import { settingDefinitions, type SettingName } from './definitions.js';
import type { Settings } from './settings.js';

const settingOf = {
  identity: 'identity',
  audience: 'identityAudience',
  resource: 'identityResource',
  account: 'identityAccount',
  path: 'identityPath',
  variable: 'identityVariable',
  command: 'identityCommand',
  url: 'identityUrl',
  member: 'identityMember',
} as const satisfies Record<keyof IdentitySettings | 'identity', SettingName>;

/**
 * Reads a token from the identity of the settings.
 * @throws {CommandError} if a setting is missing or malformed, or the platform issues no token
 */
export async function readIdentityToken(settings: Settings, { signal }: CommandContext): Promise<string> {
  return withFlags(async () => (await identityOf(settings)).source({ signal }));
}

/**
 * The place that the identity of the settings reads, for messages.
 * @throws {CommandError} if a setting is missing or malformed
 */
export const identityPlace = async (settings: Settings): Promise<string> =>
  withFlags(async () => (await identityOf(settings)).place);

async function identityOf(settings: Settings) {
  const { url } = settingOf;
  const values = Object.entries(settingOf).map(([name, setting]) => [name, settings[setting]?.value]);
  const { identity, ...texts } = Object.fromEntries(values) as Record<keyof typeof settingOf, string | undefined>;
  // Loaded here: only these settings need it.
  const kinds = await import('../../service/identity-kinds.js');
  const address = settings[url] && allowedUrl(settings, settings[url].value);
  return kinds.identityOf(identity ?? '', { ...texts, url: address }, (name) => flagOf(settingOf[name]));
}

const flagOf = (name: SettingName): string => settingDefinitions[name].flag?.split(' ')[0] ?? name;

/** Names the flags in place of the options of the sources. */
async function withFlags<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isTokenError(error)) throw error;
    const text = options.reduce((rest, [option, flag]) => rest.replaceAll(option, flag), error.message);
    const pattern = text.startsWith('the identity token could not be read') ? /^(.*?); (.*)$/s : messageAndAdvice;
    const [, what = text, advice = 'check the settings of the identity'] = pattern.exec(text) ?? [];
    const exitCode = error.code === 'ERR_CONFIGURATION' ? exitCodes.usage : exitCodes.serverUnreachable;
    throw new CommandError(what, { advice, exitCode });
  }
}

const options: readonly (readonly [option: string, flag: string])[] = [
  ['elsewhere set "client" and "command"', 'elsewhere use the grant of a program, or --identity executable'],
  ['"url" and "headers"', '--identity-url'],
  ['"url" of url', '--identity-url'],
  ['"clientId"', '--identity-account'],
  ['"serviceAccount"', '--identity-account'],
  ['"format"', '--identity-member'],
  ['; a runner behind a proxy needs "fetch"', ''],
  ...Object.entries(settingOf).map(([option, name]): [string, string] => [`"${option}"`, flagOf(name)]),
];
