import { resolveSecret, type Secret } from '../../grant/secret.js';
import { ConfigurationError } from '../../errors.js';
import { checkTokenServiceOptions } from '../../token-service-options.js';
import { canonicalRequest } from '../../token-request.js';
import { exitCodes } from '../command-error.js';
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
    if (!(error instanceof ConfigurationError)) throw error;
    return [...findings, bad(error.message, 'correct this setting', exitCodes.usage)];
  }
}

/** Whether there is a secret, and whether something got into it that was not meant. */
export async function checkSecret(secret: Secret): Promise<Finding[]> {
  try {
    const value = await resolveSecret(secret);
    if (value.trim() === value) return [];
    const advice = 'check how it was copied: a space or a newline is part of the secret that is sent';
    return [doubtful('the client secret begins or ends with white space', advice)];
  } catch {
    return [bad('the client secret cannot be read, or is empty', 'check the file that it comes from', exitCodes.usage)];
  }
}

function isSet(settings: Settings, name: SettingName): boolean {
  const { rival } = settingTable[name];
  return settings[name] !== undefined || (rival !== undefined && settings[rival] !== undefined);
}

const shown = (name: SettingName, value: string): string => (settingTable[name].isSecret ? '[redacted]' : value);
