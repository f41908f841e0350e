import { ConfigurationError } from '../core/errors.js';
import { parseUrl } from '../core/secure-url.js';

/** A variable that the platform sets; an empty one counts as unset. */
export const variable = (name: string): string | undefined => process.env[name] || undefined;

/** @throws {ConfigurationError} if the variable is missing; `advice` says what to do */
export function requiredVariable(name: string, advice: string): string {
  const value = variable(name);
  if (value === undefined) throw new ConfigurationError(`the environment variable ${name} is missing: ${advice}`);
  return value;
}

/**
 * The URL in a variable that the platform or a test sets.
 * @throws {ConfigurationError} if the variable is missing and there is no default, or if it is no http URL
 */
export function urlOfVariable(name: string, defaultUrl?: string): URL {
  const text = variable(name) ?? defaultUrl ?? requiredVariable(name, 'the platform sets it together with others');
  return httpUrl(text, name);
}

function httpUrl(text: string, name: string): URL {
  const url = parseUrl(text);
  if (url?.protocol === 'http:') return url;
  throw new ConfigurationError(
    `the environment variable ${name} must be an http URL, such as "http://169.254.169.254"`,
  );
}

/**
 * The origin of the metadata server of Google Cloud. The variables hold a host and a port, or an origin.
 * @throws {ConfigurationError} if it is no http URL
 */
export function googleMetadataServer(): URL {
  const name = ['GCE_METADATA_IP', 'GCE_METADATA_HOST'].find((each) => variable(each) !== undefined);
  const host = (name && variable(name)) ?? '169.254.169.254';
  return httpUrl(/^https?:\/\//.test(host) ? host : `http://${host}`, String(name));
}

/** The variables of this process, for a program that it starts. */
export const inheritedVariables = (): NodeJS.ProcessEnv => ({ ...process.env });
