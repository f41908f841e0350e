import { httpAllowance, httpOrigins, type InsecureUrl } from '../../core/insecure-url.js';
import { CommandError } from '../io/command-error.js';
import { isMutualTls } from './auth-methods.js';
import type { Settings } from './settings.js';

/**
 * Returns the URL, and permits http if `--dangerously-allow-http` lists its origin.
 * @throws {ConfigurationError} if an entry of that setting is not an origin
 * @throws {CommandError} if it permits http and the client uses a certificate
 */
export function allowedUrl(settings: Settings, url: string): string | InsecureUrl {
  const { value = '', source = '' } = settings.dangerouslyAllowHttp ?? {};
  const allowed = httpAllowance(value.split(/\s+/).filter(Boolean), source)(url);
  if (httpOrigins([allowed]).length > 0 && isMutualTls(settings)) {
    throw new CommandError(`${source} cannot be combined with a client certificate, which requires https`, {
      advice: 'leave one of them out',
    });
  }
  return allowed;
}
