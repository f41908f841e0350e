import { cleanText } from '../core/clean-text.js';
import { readCredentialFile } from '../core/credential-file.js';
import { ConfigurationError, GrantUnavailableError } from '../core/errors.js';
import {
  type IdentityOrigin,
  type IdentitySourceOptions,
  type IdentityTokenSource,
  identityTokenSource,
} from './identity-token-source.js';

/** A file with an identity token. */
export interface TokenFile {
  readonly path: string;
  /** What to do if the file cannot be read. */
  readonly advice: string;
  readonly check?: IdentityOrigin['check'];
}

/** A source that reads the file on each call: another program replaces its content before the token expires. */
export function tokenFileSource(
  { path, advice, check }: TokenFile,
  options: IdentitySourceOptions,
): IdentityTokenSource {
  const issue = async () => ({ token: (await readFile(path, advice)).trim() });
  return identityTokenSource({ name: `the file ${cleanText(path)}`, isCached: false, issue, check }, options);
}

async function readFile(path: string, advice: string): Promise<string> {
  try {
    return await readCredentialFile(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isTransient = /^E(IO|AGAIN|BUSY|MFILE|NFILE|STALE)$/.test(code ?? '');
    const ErrorClass = isTransient ? GrantUnavailableError : ConfigurationError;
    throw new ErrorClass(`the identity token could not be read: ${message}; ${advice}`, { cause });
  }
}
