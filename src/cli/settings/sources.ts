import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

import { parseObject } from '../../core/json.js';
import { readPrivateFile } from '../../stores/private-files.js';
import type { CommandContext } from '../context.js';
import { CommandError } from '../io/command-error.js';
import { configurationFolder } from '../io/user-folders.js';
import { settingDefinitions, type SettingName, settingNames } from './definitions.js';

/** The settings of one source. */
export interface SettingSource {
  /** Names a setting of this source in messages. */
  readonly name: (setting: SettingName) => string;
  readonly values: Readonly<Partial<Record<SettingName, string>>>;
}

/** The settings of the command line. commander names the flags like the settings. */
export function settingsFromFlags(flags: Readonly<Record<string, unknown>>): SettingSource {
  const given = settingNames.filter((name) => typeof flags[name] === 'string' || flags[name] === true);
  return {
    name: (setting) => settingDefinitions[setting].flag?.split(' ')[0] ?? '',
    values: Object.fromEntries(given.map((name) => [name, String(flags[name])])),
  };
}

/** The settings of the environment. An empty variable counts as absent. */
export function settingsFromEnvironment(env: CommandContext['env']): SettingSource {
  return { name: (setting) => `environment ${settingDefinitions[setting].variable}`, values: valuesOf(env) };
}

/**
 * The settings of a file with lines `NAME=value`.
 * @throws {CommandError} if the file cannot be read
 */
export async function settingsFromEnvFile(path: string): Promise<SettingSource> {
  const text = await readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new CommandError(`the env file ${path} cannot be read (${code})`, { advice: 'check --env-file' });
  });
  return { name: (setting) => `${path} ${settingDefinitions[setting].variable}`, values: valuesOf(parseEnv(text)) };
}

/**
 * The settings of a profile: a member of `profiles.json` in the user's configuration folder.
 * @throws {CommandError} if there is no such profile, or a setting is malformed or unknown
 * @throws {PrivateFileError} if other users can read the file
 */
export async function settingsFromProfile(profile: string, env: CommandContext['env']): Promise<SettingSource> {
  const path = join(configurationFolder(env), 'profiles.json');
  const failed = (message: string, advice: string) => new CommandError(message, { advice });
  const text = await readPrivateFile(path);
  if (text === undefined) {
    throw failed(
      `${path} does not exist`,
      `create it: {${JSON.stringify(profile)}: {"issuer": "https://…", "clientId": "…"}}`,
    );
  }
  const profiles = parseObject(text);
  if (profiles === undefined) throw failed(`${path} is not a JSON object`, 'write an object with a member per profile');
  const values = Object.hasOwn(profiles, profile) ? profiles[profile] : undefined;
  if (typeof values !== 'object' || values === null) {
    throw failed(
      `${path} has no profile ${JSON.stringify(profile)}`,
      `its profiles: ${Object.keys(profiles).join(', ') || 'none'}`,
    );
  }
  // Loaded here: only profiles need it.
  const { anyBoolean, checkOptions, nonEmptyString, oneOf } = await import('../../core/check-options.js');
  const trueOrFalse = (value: unknown) => anyBoolean(value) && oneOf('true', 'false')(value);
  const checkOf = (name: SettingName) => (settingDefinitions[name].isSwitch === true ? trueOrFalse : nonEmptyString);
  try {
    checkOptions(`profile "${profile}"`, values, Object.fromEntries(settingNames.map((name) => [name, checkOf(name)])));
  } catch (error) {
    throw failed((error as Error).message, `correct ${path}`);
  }
  const texts = Object.entries(values).map(([name, value]) => [name, String(value)]);
  return { name: () => `profile ${profile}`, values: Object.fromEntries(texts) };
}

function valuesOf(variables: Readonly<Record<string, string | undefined>>): SettingSource['values'] {
  const present = settingNames.filter((name) => variables[settingDefinitions[name].variable]);
  return Object.fromEntries(present.map((name) => [name, variables[settingDefinitions[name].variable]]));
}
