import { describeBlank } from '../../core/blanks.js';
import type { CommandContext } from '../context.js';
import { CommandError } from '../io/command-error.js';
import { canPrompt, hiddenPrompt, readStdin, withoutNewline } from '../io/input.js';
import { printable, write } from '../io/terminal.js';
import { decodeText, readTextFile } from '../io/text.js';
import { authMethodOf, type Credentials } from './auth-methods.js';
import { readIdentityToken } from './identity.js';
import { missingSetting, type Settings } from './settings.js';

/**
 * Reads all credentials that are set. They come from files. The secret can also come from the environment, stdin, or a
 * prompt; an assertion or a subject token can come from an identity.
 * @throws {CommandError} if one cannot be read, or the client authentication or the grant needs one that is missing
 */
export async function readCredentials(settings: Settings, context: CommandContext): Promise<Credentials> {
  const needs = new Set([...authMethodOf(settings).needs, ...neededByGrant(settings)]);
  let identity: Promise<string> | undefined;
  const read = async (kind: keyof typeof files): Promise<string> => {
    const [name] = files[kind];
    const what = nameOf(kind, settings);
    const { value: path, source = '' } = settings[name] ?? {};
    if (path !== undefined) return notEmpty(await readTextFile({ path, what, source }), what);
    if (identities.has(kind) && settings.identity !== undefined) {
      return (identity ??= readIdentityToken(settings, context));
    }
    if (needs.has(kind)) throw missingSetting(name, identities.has(kind) ? ['identity'] : []);
    return '';
  };
  const readToken = async (kind: 'assertion' | 'subjectToken' | 'actorToken'): Promise<string> =>
    withoutBlanks(withoutNewline(await read(kind)), kind, settings);
  return {
    key: await read('key'),
    certificate: await read('certificate'),
    assertion: await readToken('assertion'),
    subjectToken: await readToken('subjectToken'),
    actorToken: await readToken('actorToken'),
    secret: await readSecret(settings, needs.has('secret'), context),
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
  subjectToken: ['subjectTokenFile', 'the subject token'],
  actorToken: ['actorTokenFile', 'the actor token'],
} as const;

const nameOf = (kind: keyof typeof files, { grant }: Settings): string =>
  kind === 'assertion' && grant?.value === 'jwt_bearer' ? 'the assertion' : files[kind][1];

/** The credentials that an identity replaces. */
const identities: ReadonlySet<keyof Credentials> = new Set(['assertion', 'subjectToken']);

function neededByGrant({ grant }: Settings): readonly (keyof Credentials)[] {
  if (grant?.value === 'jwt_bearer') return ['assertion'];
  return grant?.value === 'token_exchange' ? ['subjectToken'] : [];
}

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

// A token has no blanks.
function withoutBlanks(token: string, kind: keyof typeof files, settings: Settings): string {
  const blank = describeBlank(token);
  if (blank === undefined) return token;
  const { value } = settings[files[kind][0]] ?? {};
  throw new CommandError(`${nameOf(kind, settings)} from ${value} ${blank}`, { advice: 'remove it' });
}

function notEmpty(content: string, what: string): string {
  if (content !== '') return content;
  throw new CommandError(`${what} is empty`, { advice: 'check its source' });
}
