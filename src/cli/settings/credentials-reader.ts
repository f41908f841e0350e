import type { CommandContext } from '../context.js';
import type { Credentials } from './auth-methods.js';
import type { Settings } from './settings.js';

/** Returns the credentials in the settings. */
export type CredentialsReader = () => Promise<Credentials>;

/**
 * Makes a function that reads the credentials at its first call, and returns the same ones later: a pipe, such as stdin
 * or `<(cat key.pem)`, can be read only once.
 */
export function credentialsReader(settings: Settings, context: CommandContext): CredentialsReader {
  let credentials: Promise<Credentials> | undefined;
  const read = async () => (await import('./credentials.js')).readCheckedCredentials(settings, context);
  return () => (credentials ??= read());
}
