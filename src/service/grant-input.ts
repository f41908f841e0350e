import { cleanText } from '../core/clean-text.js';
import { ConfigurationError } from '../core/errors.js';

/** The names of the grants in settings. */
export type GrantName = 'client_credentials' | 'jwt_bearer' | 'token_exchange';

/** A setting from which the token of a grant comes. */
export type GrantInputName = 'assertionFile' | 'subjectTokenFile' | 'identity';

const inputs: Readonly<Record<GrantName, readonly GrantInputName[]>> = {
  client_credentials: [],
  jwt_bearer: ['assertionFile', 'identity'],
  token_exchange: ['subjectTokenFile', 'identity'],
};

/** @throws {ConfigurationError} if there is no such grant; `source` names the setting */
export function grantNameOf(name: string, source: string): GrantName {
  if (Object.hasOwn(inputs, name)) return name as GrantName;
  throw new ConfigurationError(
    `the grant "${cleanText(name)}" is unknown: set ${source} to one of ${Object.keys(inputs).join(', ')}`,
  );
}

/**
 * The settings that the assertion or subject token of a grant can come from; the first one that is set applies. If the
 * grant does not use an assertion file or an identity, it authenticates the client.
 */
export const grantInputsOf = (grant: string): readonly GrantInputName[] =>
  Object.hasOwn(inputs, grant) ? inputs[grant as GrantName] : [];
