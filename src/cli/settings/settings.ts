import type { CommandContext } from '../context.js';
import { CommandError } from '../io/command-error.js';
import { rivalsOf, type SettingName, settingNames, settingTable } from './definitions.js';
import {
  settingsFromEnvFile,
  settingsFromEnvironment,
  settingsFromFlags,
  settingsFromProfile,
  type SettingSource,
} from './sources.js';

/** One setting as it is in effect. */
export interface EffectiveSetting {
  readonly value: string;
  /** Where it came from, for people. */
  readonly source: string;
}

/** The settings in effect; what is not set is absent. */
export type Settings = Readonly<Partial<Record<SettingName, EffectiveSetting>>>;

/**
 * The settings in effect. Files that are named on the command line win over the environment, which may be about another
 * client; a source that names the token endpoint hides the issuer of later ones, and so it is with secrets and keys.
 * @throws {CommandError} when a source cannot be read or contradicts itself
 */
export async function readSettings(
  flags: Readonly<Record<string, unknown>>,
  { env }: Pick<CommandContext, 'env'>,
): Promise<Settings> {
  const { envFile, profile } = flags as { readonly envFile?: string; readonly profile?: string };
  return merge([
    settingsFromFlags(flags),
    ...(envFile === undefined ? [] : [await settingsFromEnvFile(envFile)]),
    ...(profile === undefined ? [] : [await settingsFromProfile(profile, env)]),
    settingsFromEnvironment(env),
  ]);
}

function merge(sources: readonly SettingSource[]): Settings {
  const settings: Partial<Record<SettingName, EffectiveSetting>> = {};
  for (const { name, values } of sources) {
    const decided = new Set(Object.keys(settings));
    for (const setting of settingNames) {
      const rivals = rivalsOf(setting);
      const value = values[setting];
      if (value === undefined || [setting, ...rivals].some((each) => decided.has(each))) continue;
      const rival = rivals.find((each) => values[each] !== undefined);
      if (rival !== undefined) {
        throw new CommandError(`${name(setting)} and ${name(rival)} contradict each other`, {
          advice: 'set only one of them',
        });
      }
      settings[setting] = { value, source: name(setting) };
    }
  }
  return settings;
}

/**
 * The issuer or the token endpoint.
 * @throws {CommandError} that names the ways to set them
 */
export function requiredServer({ issuer, tokenEndpoint }: Settings): string {
  const { value } = issuer ?? tokenEndpoint ?? {};
  if (value === undefined) throw missingSetting('issuer');
  return value;
}

/**
 * The value of a setting that there must be.
 * @throws {CommandError} that names the ways to set it
 */
export function requiredSetting(settings: Settings, name: SettingName): string {
  const { value } = settings[name] ?? {};
  if (value === undefined) throw missingSetting(name);
  return value;
}

/** The error for settings of which one must be in a source, and is in none; without `others`, those that could stand instead. */
export function missingSetting(name: SettingName, others: readonly SettingName[] = rivalsOf(name)): CommandError {
  const candidates = [name, ...others].map((each) => settingTable[each]);
  const ways = candidates.flatMap(({ variable, flag }) => [variable, ...(flag ? [flag.split(' ')[0]] : [])]);
  return new CommandError(`${candidates.map(({ variable }) => variable).join(' or ')} is missing`, {
    advice: `set ${ways.join(', ')}, or a profile`,
  });
}
