import { join } from 'node:path';
import { parseEnv } from 'node:util';

import { parseObject } from '../../core/json.js';
import { readPrivateFile } from '../../stores/private-files.js';
import type { CommandContext } from '../context.js';
import { CommandError } from '../io/command-error.js';
import { decodeText, readTextFile } from '../io/text.js';
import { configurationFolder } from '../io/user-folders.js';
import { settingDefinitions, type SettingName, settingNames } from './definitions.js';
import { formOfFlags, formOfObject } from './parameters.js';

/** The settings of one source. */
export interface SettingSource {
  /** Names a setting of this source in messages. */
  readonly name: (setting: SettingName) => string;
  readonly values: Readonly<Partial<Record<SettingName, string>>>;
}

/**
 * The settings of the command line. commander names the flags like the settings.
 * @throws {CommandError} if a --parameter is malformed
 */
export function settingsFromFlags(flags: Readonly<Record<string, unknown>>): SettingSource {
  const given = settingNames.filter((name) => typeof flags[name] === 'string' || flags[name] === true);
  const values = Object.fromEntries(given.map((name) => [name, String(flags[name])]));
  const { parameter } = flags as { readonly parameter?: readonly string[] };
  return {
    name: (setting) => settingDefinitions[setting].flag?.split(' ')[0] ?? '',
    values: parameter === undefined ? values : { ...values, parameter: formOfFlags(parameter) },
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
  const text = await readTextFile({ path, what: 'the env file', source: '--env' });
  // For parseEnv, a carriage return alone does not end a line.
  const values = valuesOf(parseEnv(text.replace(/\r\n?/g, '\n')));
  return { name: (setting) => `${path} ${settingDefinitions[setting].variable}`, values };
}

/**
 * The settings of a profile: a member of `profiles.json` in the user's configuration folder.
 * @throws {CommandError} if there is no such profile, or a setting is malformed or unknown
 * @throws {PrivateFileError} if other users can read the file
 */
export async function settingsFromProfile(profile: string, env: CommandContext['env']): Promise<SettingSource> {
  const path = join(configurationFolder(env), 'profiles.json');
  const failed = (message: string, advice: string) => new CommandError(message, { advice });
  const bytes = await readPrivateFile(path);
  if (bytes === undefined) {
    throw failed(
      `${path} does not exist`,
      `create it: {${JSON.stringify(profile)}: {"issuer": "https://…", "clientId": "…"}}`,
    );
  }
  const profiles = parseObject(decodeText(bytes, path));
  if (profiles === undefined) throw failed(`${path} is not a JSON object`, 'write an object with a member per profile');
  const values = Object.hasOwn(profiles, profile) ? profiles[profile] : undefined;
  if (typeof values !== 'object' || values === null) {
    throw failed(
      `${path} has no profile ${JSON.stringify(profile)}`,
      `its profiles: ${Object.keys(profiles).join(', ') || 'none'}`,
    );
  }
  await checkProfile(profile, values).catch((error: Error) => {
    throw failed(error.message, `correct ${path}`);
  });
  const texts = Object.entries(values as Profile).map(([name, value]) => [
    name,
    typeof value === 'object' ? formOfObject(value) : String(value),
  ]);
  return { name: () => `profile ${profile}`, values: Object.fromEntries(texts) };
}

/** A profile after {@link checkProfile}. */
type Profile = Readonly<Record<string, string | boolean | Readonly<Record<string, string>>>>;

async function checkProfile(profile: string, values: object): Promise<void> {
  // Loaded here: only profiles need it.
  const { anyBoolean, anyObject, checkOptions, nonEmptyString, oneOf } = await import('../../core/check-options.js');
  const trueOrFalse = (value: unknown) => anyBoolean(value) && oneOf('true', 'false')(value);
  const texts = (value: unknown) =>
    anyObject(value) ??
    (Object.values(value as object).every((each) => typeof each === 'string') ? undefined : 'an object of strings');
  const checkOf = ({ isSwitch = false, isForm = false }) => (isSwitch ? trueOrFalse : isForm ? texts : nonEmptyString);
  const checks = settingNames.map((name) => [name, checkOf(settingDefinitions[name])] as const);
  checkOptions(`profile "${profile}"`, values, Object.fromEntries(checks));
}

function valuesOf(variables: Readonly<Record<string, string | undefined>>): SettingSource['values'] {
  const present = settingNames.filter((name) => variables[settingDefinitions[name].variable]);
  return Object.fromEntries(present.map((name) => [name, variables[settingDefinitions[name].variable]]));
}
