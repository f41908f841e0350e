import { readFile, stat } from 'node:fs/promises';
import { dirname, parse } from 'node:path';

import { cleanText } from './clean-text.js';

/**
 * Reads a file with a secret, a key, a certificate or an assertion, in UTF-8. A byte order mark is skipped.
 * @throws an error with the `code` of Node.js. The message contains the path only if the file or its folder exists,
 *   because users sometimes pass a secret instead of a path.
 */
export async function readCredentialFile(path: string): Promise<string> {
  const bytes = await readFile(path).catch(async (cause: NodeJS.ErrnoException) => {
    throw await unreadable(path, cause.code ?? 'ERR_UNKNOWN');
  });
  const isUtf16 =
    bytes.subarray(0, 2).equals(Buffer.of(0xff, 0xfe)) || bytes.subarray(0, 2).equals(Buffer.of(0xfe, 0xff));
  if (isUtf16 || bytes.includes(0)) {
    throw failure(
      `the file ${cleanText(path)} ${isUtf16 ? 'is encoded in UTF-16' : 'contains null bytes'}; save it as UTF-8`,
      {
        code: 'ERR_ENCODING_INVALID_ENCODED_DATA',
        path: cleanText(path),
      },
    );
  }
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'is not readable by this user',
  EPERM: 'is not readable by this user',
  EISDIR: 'is a folder',
};

async function unreadable(path: string, code: string): Promise<Error> {
  const what = reasons[code] ?? 'cannot be read';
  if (await isCertainlyPath(path, code)) {
    return failure(`the file ${cleanText(path)} ${what} (${code})`, { code, path: cleanText(path) });
  }
  const advice = path.includes('-----BEGIN ')
    ? '; it looks like a key or a certificate: pass the text itself, not as a path'
    : '';
  return failure(
    `the file ${what} (${code}); its path is not shown, because it may be a secret instead of a path${advice}`,
    { code, path: 'the given path' },
  );
}

const failure = (message: string, fields: { readonly code: string; readonly path: string }): Error =>
  Object.assign(new Error(message), fields);

// All other codes mean that the path exists.
const pathMayNotExist = /^(ENOENT|ENOTDIR|ENAMETOOLONG|EINVAL|ERR_.*)$/;

async function isCertainlyPath(path: string, code: string): Promise<boolean> {
  if (!pathMayNotExist.test(code)) return true;
  if (code !== 'ENOENT') return false;
  const folder = dirname(path);
  if (folder === '.' || folder === parse(path).root) return false;
  return stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
