import { ConfigurationError } from '../../../../core/errors.js';
import { canonicalRequest } from '../../../../core/token-request.js';
import { checkTokenServiceOptions } from '../../../../service/options.js';
import { CommandError, exitCodes } from '../../../io/command-error.js';
import { explainTokenError } from '../../../io/report-error.js';
import { authMethodOf, type Credentials } from '../../../settings/auth-methods.js';
import { rivalsOf, type SettingName, settingNames, settingTable } from '../../../settings/definitions.js';
import { serverOptions, usesDpop } from '../../../settings/service-options.js';
import { missingSetting, type Settings } from '../../../settings/settings.js';
import { bad, doubtful, type Finding, good } from '../finding.js';

/** What is set and where it came from, what is missing, and what cannot be right. */
export function checkSettings(settings: Settings): Finding[] {
  const findings = settingNames.flatMap((name) => {
    const setting = settings[name];
    return setting === undefined ? [] : [good(`${name} ${shown(name, setting.value)} (${setting.source})`)];
  });
  const needed = ['issuer', 'clientId'] as const;
  const missing = needed.filter((name) => !isSet(settings, name)).map((name) => missingSetting(name));
  if (missing.length > 0)
    return [...findings, ...missing.map(({ message, advice, exitCode }) => bad(message, advice, exitCode))];

  try {
    // As the library checks them; what it says names the option.
    const { scope, audience, resource, ...options } = serverOptions(settings);
    checkTokenServiceOptions({ ...options, clientSecret: 'not looked at' });
    canonicalRequest({ scope, audience, resource });
    authMethodOf(settings);
    usesDpop(settings);
    return findings;
  } catch (error) {
    return [...findings, misused(error)];
  }
}

/** What was made of the credentials, and whether something got into the secret that was not meant; `undefined` when there are none. */
export async function checkCredentials<T extends { readonly credentials: Credentials }>(
  read: () => Promise<T>,
): Promise<{ readonly made?: T; readonly findings: Finding[] }> {
  try {
    const made = await read();
    const { secret } = made.credentials;
    if (secret.trim() === secret) return { made, findings: [] };
    const advice = 'check how it was copied: a space or a newline is part of the secret that is sent';
    return { made, findings: [doubtful('the client secret begins or ends with white space', advice)] };
  } catch (error) {
    return { findings: [misused(error)] };
  }
}

function misused(error: unknown): Finding {
  if (error instanceof ConfigurationError) {
    return bad(explainTokenError(error).what, 'correct this setting', exitCodes.usage);
  }
  if (error instanceof CommandError) return bad(error.message, error.advice, error.exitCode);
  throw error;
}

function isSet(settings: Settings, name: SettingName): boolean {
  return [name, ...rivalsOf(name)].some((each) => settings[each] !== undefined);
}

const shown = (name: SettingName, value: string): string => (settingTable[name].isSecret ? '[redacted]' : value);
