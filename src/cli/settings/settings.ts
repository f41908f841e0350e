import type { CommandContext } from '../context.js';
import { CommandError } from '../io/command-error.js';
import { checkSetting } from './check-setting.js';
import { exclusiveWith, grantInputAmong, settingDefinitions, type SettingName, settingNames } from './definitions.js';
import {
  settingsFromEnvFile,
  settingsFromEnvironment,
  settingsFromFlags,
  settingsFromProfile,
  type SettingSource,
} from './sources.js';

/** The value of a setting and its source. */
export interface EffectiveSetting {
  readonly value: string;
  /** For messages: `--client-id`, `environment OAUTH_CLIENT_ID`. */
  readonly source: string;
}

/** The settings in effect. A setting without a value is absent. */
export type Settings = Readonly<Partial<Record<SettingName, EffectiveSetting>>>;

/**
 * Reads the settings in effect. Files on the command line override the environment, which may be set for another
 * client. A setting also overrides settings of later sources that cannot be combined with it: `--token-endpoint`
 * overrides an issuer in a profile.
 * @throws {CommandError} if a source cannot be read, or sets conflicting values
 */
export async function readSettings(
  flags: Readonly<Record<string, unknown>>,
  { env }: Pick<CommandContext, 'env'>,
): Promise<Settings> {
  const { env: envFile, profile } = flags as { readonly env?: string; readonly profile?: string };
  return merge([
    settingsFromFlags(flags),
    ...(envFile === undefined ? [] : [await settingsFromEnvFile(envFile)]),
    ...(profile === undefined ? [] : [await settingsFromProfile(profile, env)]),
    settingsFromEnvironment(env),
  ]);
}

function merge(sources: readonly SettingSource[]): Settings {
  const settings: Partial<Record<SettingName, EffectiveSetting>> = {};
  const first = (name: SettingName) => sources.find(({ values }) => values[name] !== undefined)?.values[name];
  const input = grantInputAmong(first('grant'), (name) => first(name) !== undefined);
  for (const { name, values } of sources) {
    const earlier = new Set(Object.keys(settings));
    for (const setting of settingNames) {
      const excluded = exclusiveWith(setting, input);
      // Some editors write a byte order mark at the start of a file.
      const value = values[setting]?.replace(/^\ufeff/, '');
      if (value === undefined || [setting, ...excluded].some((each) => earlier.has(each))) continue;
      const conflict = excluded.find((each) => values[each] !== undefined);
      if (conflict !== undefined) {
        throw new CommandError(`${name(setting)} and ${name(conflict)} cannot be combined`, {
          advice: 'set only one of them',
        });
      }
      checkSetting(setting, value, name(setting));
      settings[setting] = { value, source: name(setting) };
    }
  }
  return settings;
}

/**
 * The issuer, the token endpoint or the protected resource.
 * @throws {CommandError} if none is set
 */
export function requiredServer(settings: Settings): string {
  return (settings.tokenEndpoint ?? settings.protectedResource)?.value ?? requiredSetting(settings, 'issuer');
}

/**
 * The value of a setting.
 * @throws {CommandError} if it is missing
 */
export function requiredSetting(settings: Settings, name: SettingName): string {
  const value = settings[name]?.value;
  if (value === undefined) throw missingSetting(name);
  return value;
}

/** The error for a missing setting. It names the sources of the setting and of its usual alternatives. */
export function missingSetting(
  name: SettingName,
  alternatives: readonly SettingName[] = name === 'issuer' ? ['tokenEndpoint'] : exclusiveWith(name),
): CommandError {
  const candidates = [name, ...alternatives].map((each) => settingDefinitions[each]);
  const sources = candidates.flatMap(({ variable, flag }) => [variable, ...(flag ? [flag.split(' ')[0]] : [])]);
  return new CommandError(`${candidates.map(({ variable }) => variable).join(' or ')} is missing`, {
    advice: `set ${sources.join(', ')}, or a profile`,
  });
}
