import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

import { parseObject } from '../../core/json.js';
import type { CommandContext } from '../context.js';
import { CommandError } from '../io/command-error.js';
import { configurationFolder, readPrivateFile } from '../io/private-files.js';
import { type SettingName, settingNames, settingTable } from './definitions.js';

/** The settings of one source. */
export interface SettingSource {
  /** Says where a setting came from. */
  readonly name: (setting: SettingName) => string;
  readonly values: Readonly<Partial<Record<SettingName, string>>>;
}

/** What flags say, by the names that commander gives them: those of the settings. */
export function settingsFromFlags(flags: Readonly<Record<string, unknown>>): SettingSource {
  const given = settingNames.filter((name) => typeof flags[name] === 'string' || flags[name] === true);
  return {
    name: (setting) => settingTable[setting].flag?.split(' ')[0] ?? '',
    values: Object.fromEntries(given.map((name) => [name, String(flags[name])])),
  };
}

/** What the variables of an environment say; an empty one is the same as none. */
export function settingsFromEnvironment(env: CommandContext['env']): SettingSource {
  return { name: (setting) => `environment ${settingTable[setting].variable}`, values: valuesOf(env) };
}

/**
 * What a file of `NAME=value` lines says.
 * @throws {CommandError} when it cannot be read
 */
export async function settingsFromEnvFile(path: string): Promise<SettingSource> {
  const text = await readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new CommandError(`the env file ${path} cannot be read (${code})`, { advice: 'check --env-file' });
  });
  return { name: (setting) => `${path} ${settingTable[setting].variable}`, values: valuesOf(parseEnv(text)) };
}

/**
 * What a profile says: a member of `profiles.json` in the user's configuration folder.
 * @throws {CommandError} when there is no such profile, it holds something else, or others can read the file
 */
export async function settingsFromProfile(profile: string, env: CommandContext['env']): Promise<SettingSource> {
  const path = join(configurationFolder(env), 'profiles.json');
  const failed = (what: string, advice: string) => new CommandError(what, { advice });
  const text = await readPrivateFile(path);
  if (text === undefined) {
    throw failed(
      `there is no ${path}`,
      `write one: {${JSON.stringify(profile)}: {"issuer": "https://…", "clientId": "…"}}`,
    );
  }
  const profiles = parseObject(text);
  if (profiles === undefined) throw failed(`${path} is no JSON object`, 'it holds an object for each profile');
  const values = Object.hasOwn(profiles, profile) ? profiles[profile] : undefined;
  if (typeof values !== 'object' || values === null) {
    throw failed(
      `${path} has no profile ${JSON.stringify(profile)}`,
      `it has: ${Object.keys(profiles).join(', ') || 'none'}`,
    );
  }
  // Loaded here: few need it, and all would wait for it.
  const { anyBoolean, checkOptions, nonEmptyString, oneOf } = await import('../../core/check-options.js');
  const trueOrFalse = (value: unknown) => anyBoolean(value) && oneOf('true', 'false')(value);
  const checkOf = (name: SettingName) => (settingTable[name].isSwitch === true ? trueOrFalse : nonEmptyString);
  try {
    checkOptions(`profile "${profile}"`, values, Object.fromEntries(settingNames.map((name) => [name, checkOf(name)])));
  } catch (error) {
    throw failed((error as Error).message, `correct ${path}`);
  }
  const texts = Object.entries(values).map(([name, value]) => [name, String(value)]);
  return { name: () => `profile ${profile}`, values: Object.fromEntries(texts) };
}

function valuesOf(variables: Readonly<Record<string, string | undefined>>): SettingSource['values'] {
  const present = settingNames.filter((name) => variables[settingTable[name].variable]);
  return Object.fromEntries(present.map((name) => [name, variables[settingTable[name].variable]]));
}
