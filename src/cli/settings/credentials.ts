import { keyFile, secretFile } from '../../authentication/secret.js';
import type { CommandContext } from '../context.js';
import { CommandError } from '../io/command-error.js';
import { canPrompt, hiddenPrompt, readStdin, withoutNewline } from '../io/input.js';
import { authMethodOf, type Credentials } from './auth-methods.js';
import { missingSetting, type Settings } from './settings.js';

/**
 * All credentials that are set, and those that the client authentication needs: from files, the secret also from the
 * environment, stdin, or by a prompt that does not show it. They are read once: a run is too short for others.
 * @throws {CommandError} when one cannot be read, or is missing with nobody to ask
 */
export async function readCredentials(settings: Settings, context: CommandContext): Promise<Credentials> {
  const { needs } = authMethodOf(settings);
  const read = async (kind: keyof typeof files): Promise<string> => {
    const [name, what, reader] = files[kind];
    const { value: path, source = '' } = settings[name] ?? {};
    if (path !== undefined) return filled(await contentOf(what, source, reader(path)), what);
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
  assertion: ['assertionFile', 'the assertion', secretFile],
} as const;

async function readSecret(settings: Settings, isNeeded: boolean, context: CommandContext): Promise<string> {
  const { clientSecret: given, clientSecretFile: file, clientId } = settings;
  const what = 'the client secret';
  if (given !== undefined) return given.value;
  if (file?.value === '-') return filled(withoutNewline(await readStdin(context)), what);
  if (file !== undefined) return filled(await contentOf(what, file.source, secretFile(file.value)), what);
  if (!isNeeded) return '';

  if (!canPrompt(context)) throw missingSetting('clientSecret', ['clientSecretFile']);
  return filled(await hiddenPrompt(`Secret of client ${JSON.stringify(clientId?.value)} (not shown)`, context), what);
}

function contentOf(what: string, source: string, read: () => Promise<string>): Promise<string> {
  return read().catch(({ code, path }: NodeJS.ErrnoException) => {
    throw new CommandError(`${what} cannot be read from ${path} (${code})`, { advice: `check ${source}` });
  });
}

function filled(content: string, what: string): string {
  if (content !== '') return content;
  throw new CommandError(`${what} is empty`, { advice: 'check where it comes from' });
}
