import { keyFile, secretFile } from '../../authentication/secret.js';
import type { CommandContext } from '../context.js';
import { CommandError } from '../io/command-error.js';
import { canPrompt, hiddenPrompt, readStdin, withoutNewline } from '../io/input.js';
import { authMethodOf, type Credentials } from './auth-methods.js';
import { missingSetting, type Settings } from './settings.js';

/**
 * Reads all credentials that are set, once for the run. They come from files; the secret also comes from the environment,
 * stdin, or a prompt.
 * @throws {CommandError} if a file cannot be read, or the client authentication needs a credential that is missing
 */
export async function readCredentials(settings: Settings, context: CommandContext): Promise<Credentials> {
  const { needs } = authMethodOf(settings);
  const read = async (kind: keyof typeof files): Promise<string> => {
    const [name, what, reader] = files[kind];
    const { value: path, source = '' } = settings[name] ?? {};
    if (path !== undefined) return notEmpty(await contentOf(what, source, reader(path)), what);
    if (needs.includes(kind)) throw missingSetting(name, []);
    return '';
  };
  return {
    key: await read('key'),
    certificate: await read('certificate'),
    assertion: await read('assertion'),
    secret: await readSecret(settings, needs.includes('secret'), context),
  };
}

const files = {
  key: ['keyFile', 'the private key', keyFile],
  certificate: ['certificateFile', 'the client certificate', keyFile],
  assertion: ['assertionFile', 'the client assertion', secretFile],
} as const;

async function readSecret(settings: Settings, isNeeded: boolean, context: CommandContext): Promise<string> {
  const { clientSecret, clientSecretFile: file, clientId } = settings;
  const what = 'the client secret';
  if (clientSecret !== undefined) return clientSecret.value;
  if (file?.value === '-') return notEmpty(withoutNewline(await readStdin(context)), what);
  if (file !== undefined) return notEmpty(await contentOf(what, file.source, secretFile(file.value)), what);
  if (!isNeeded) return '';

  if (!canPrompt(context)) throw missingSetting('clientSecret', ['clientSecretFile']);
  return notEmpty(await hiddenPrompt(`Secret of client ${JSON.stringify(clientId?.value)} (hidden)`, context), what);
}

function contentOf(what: string, source: string, read: () => Promise<string>): Promise<string> {
  return read().catch(({ code, path }: NodeJS.ErrnoException) => {
    throw new CommandError(`${what} cannot be read from ${path} (${code})`, { advice: `check ${source}` });
  });
}

function notEmpty(content: string, what: string): string {
  if (content !== '') return content;
  throw new CommandError(`${what} is empty`, { advice: 'check its source' });
}
