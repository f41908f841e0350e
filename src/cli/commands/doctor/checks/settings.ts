import { isTokenError } from '../../../../core/errors.js';
import { canonicalRequest } from '../../../../core/token-request.js';
import { grantNameOf } from '../../../../service/grant-input.js';
import { checkTokenServiceOptions } from '../../../../service/options.js';
import { CommandError, exitCodes } from '../../../io/command-error.js';
import { explainTokenError } from '../../../io/report-error.js';
import { authMethodOf, type Credentials, isUnauthenticated } from '../../../settings/auth-methods.js';
import { flawOfSecret } from '../../../settings/credentials.js';
import { exclusiveWith, settingDefinitions, type SettingName, settingNames } from '../../../settings/definitions.js';
import { serverOptions, usesDpop } from '../../../settings/service-options.js';
import { missingSetting, type Settings } from '../../../settings/settings.js';
import { shownSetting } from '../../../settings/shown-setting.js';
import { fail, type Finding, info, pass, warn } from '../finding.js';

/** Reports each setting with its source, and whether one is missing or malformed. */
export function checkSettings(settings: Settings): Finding[] {
  const findings = settingNames.flatMap((name) => {
    const setting = settings[name];
    if (setting === undefined) return [];
    const { isSecret = false } = settingDefinitions[name];
    return [info([name, ...(isSecret ? [] : [shownSetting(name, setting.value)]), `(${setting.source})`].join(' '))];
  });
  const required: readonly SettingName[] = isUnauthenticated(settings) ? ['issuer'] : ['issuer', 'clientId'];
  const missing = required.filter((name) => !isSet(settings, name)).map((name) => failureOf(missingSetting(name)));
  if (missing.length > 0) return [...findings, ...missing];

  try {
    // The checks of the library. Their messages name the option.
    const { scope, audience, resource, parameters, ...options } = serverOptions(settings);
    checkTokenServiceOptions({ ...options, clientId: options.clientId ?? 'any', clientSecret: 'any' });
    if (settings.grant !== undefined) grantNameOf(settings.grant.value, settings.grant.source);
    canonicalRequest({ scope, audience, resource, parameters });
    authMethodOf(settings);
    usesDpop(settings);
    return [...findings, pass('the settings are complete and well-formed')];
  } catch (error) {
    return [...findings, failureOf(error)];
  }
}

/** Reports credentials that cannot be used, or a blank around the secret. `made` is the result of `read`, if it succeeds. */
export async function checkCredentials<T extends { readonly credentials: Credentials }>(
  settings: Settings,
  read: () => Promise<T>,
): Promise<{ readonly made?: T; readonly findings: Finding[] }> {
  try {
    const made = await read();
    const flaw = flawOfSecret(settings, made.credentials);
    if (flaw === undefined) return { made, findings: [] };
    return { made, findings: [warn(flaw, 'copy the secret again: the request contains the blank')] };
  } catch (error) {
    return { findings: [failureOf(error)] };
  }
}

function failureOf(error: unknown): Finding {
  if (isTokenError(error) && error.code === 'ERR_CONFIGURATION') {
    return fail(explainTokenError(error).what, 'correct this setting', exitCodes.usage);
  }
  if (error instanceof CommandError) return fail(error.message, error.advice, error.exitCode);
  throw error;
}

function isSet(settings: Settings, name: SettingName): boolean {
  return [name, ...exclusiveWith(name)].some((each) => settings[each] !== undefined);
}
