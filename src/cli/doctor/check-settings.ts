import { ConfigurationError } from '../../errors.js';
import { checkTokenServiceOptions } from '../../token-service-options.js';
import { canonicalRequest } from '../../token-request.js';
import { CommandError, exitCodes } from '../command-error.js';
import { missingSetting, type Settings } from '../settings/settings.js';
import { type SettingName, settingNames, settingTable } from '../settings/setting-table.js';
import { serviceOptions, tokenRequest } from '../settings/service-options.js';
import { bad, doubtful, type Finding, good } from './finding.js';

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
    checkTokenServiceOptions(serviceOptions(settings, 'not looked at'));
    canonicalRequest(tokenRequest(settings));
    return findings;
  } catch (error) {
    return [...findings, misused(error)];
  }
}

/** The secret, and whether something got into it that was not meant; `undefined` when there is none. */
export async function checkSecret(
  read: () => Promise<string>,
): Promise<{ readonly secret?: string; readonly findings: Finding[] }> {
  try {
    const secret = await read();
    if (secret.trim() === secret) return { secret, findings: [] };
    const advice = 'check how it was copied: a space or a newline is part of the secret that is sent';
    return { secret, findings: [doubtful('the client secret begins or ends with white space', advice)] };
  } catch (error) {
    return { findings: [misused(error)] };
  }
}

function misused(error: unknown): Finding {
  if (error instanceof ConfigurationError) return bad(error.message, 'correct this setting', exitCodes.usage);
  if (error instanceof CommandError) return bad(error.message, error.advice, error.exitCode);
  throw error;
}

function isSet(settings: Settings, name: SettingName): boolean {
  const { rival } = settingTable[name];
  return settings[name] !== undefined || (rival !== undefined && settings[rival] !== undefined);
}

const shown = (name: SettingName, value: string): string => (settingTable[name].isSecret ? '[redacted]' : value);
