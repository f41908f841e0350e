import { describeBlank } from '../../core/blanks.js';
import type { CommandContext } from '../context.js';
import { CommandError } from '../io/command-error.js';
import { canPrompt, hiddenPrompt, readStdin, withoutNewline } from '../io/input.js';
import { printable, write } from '../io/terminal.js';
import { decodeText, readTextFile } from '../io/text.js';
import { authMethodOf, type Credentials } from './auth-methods.js';
import { missingSetting, type Settings } from './settings.js';

/**
 * Reads all credentials that are set. They come from files. The secret can also come from the
 * environment, stdin, or a prompt.
 * @throws {CommandError} if a file cannot be read, or the client authentication needs a credential that is missing
 */
export async function readCredentials(settings: Settings, context: CommandContext): Promise<Credentials> {
  const { needs } = authMethodOf(settings);
  const read = async (kind: keyof typeof files): Promise<string> => {
    const [name, what] = files[kind];
    const { value: path, source = '' } = settings[name] ?? {};
    if (path !== undefined) return notEmpty(await readTextFile({ path, what, source }), what);
    if (needs.includes(kind)) throw missingSetting(name, []);
    return '';
  };
  return {
    key: await read('key'),
    certificate: await read('certificate'),
    assertion: withoutBlanks(withoutNewline(await read('assertion')), settings),
    secret: await readSecret(settings, needs.includes('secret'), context),
  };
}

/** Reads the credentials as {@link readCredentials} does, and warns about blanks around the secret, which are sent. */
export async function readCheckedCredentials(settings: Settings, context: CommandContext): Promise<Credentials> {
  const credentials = await readCredentials(settings, context);
  const flaw = flawOfSecret(settings, credentials);
  if (flaw !== undefined) await write(context.stderr, `m2m: ${printable(flaw)}, which is sent as part of the secret\n`);
  return credentials;
}

/** Describes a blank around the secret, and the source of the secret; `undefined` if there is no blank. */
export function flawOfSecret(
  { clientSecret, clientSecretFile: file }: Settings,
  { secret }: Pick<Credentials, 'secret'>,
): string | undefined {
  const blank = describeBlank(secret);
  const place = file?.value === '-' ? 'stdin' : (file?.value ?? clientSecret?.source ?? 'the prompt');
  return blank && `the client secret from ${place} ${blank}`;
}

const files = {
  key: ['keyFile', 'the private key'],
  certificate: ['certificateFile', 'the client certificate'],
  assertion: ['assertionFile', 'the client assertion'],
} as const;

async function readSecret(settings: Settings, isNeeded: boolean, context: CommandContext): Promise<string> {
  const { clientSecret, clientSecretFile: file, clientId } = settings;
  const what = 'the client secret';
  if (clientSecret !== undefined) return clientSecret.value;
  if (file !== undefined) {
    const { value: path, source } = file;
    const text =
      path === '-'
        ? decodeText(await readStdin(context), 'the client secret from stdin')
        : await readTextFile({ path, what, source });
    return notEmpty(withoutNewline(text), what);
  }
  if (!isNeeded) return '';

  if (!canPrompt(context)) throw missingSetting('clientSecret', ['clientSecretFile']);
  return notEmpty(await hiddenPrompt(`Secret of client ${JSON.stringify(clientId?.value)} (hidden)`, context), what);
}

// A JWT has no blanks.
function withoutBlanks(assertion: string, { assertionFile }: Settings): string {
  const blank = describeBlank(assertion);
  if (blank === undefined) return assertion;
  throw new CommandError(`the client assertion from ${assertionFile?.value} ${blank}`, { advice: 'remove it' });
}

function notEmpty(content: string, what: string): string {
  if (content !== '') return content;
  throw new CommandError(`${what} is empty`, { advice: 'check its source' });
}
