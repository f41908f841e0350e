import { withoutSecrets } from '../../../grant/errors/redaction.js';
import type { CommandContext } from '../../context.js';
import { printable, write } from '../../io/terminal.js';

/** A `fetch` that prints the head of each request and response to stderr, as curl does with -v, without the token. */
export function verboseFetch(fetch: typeof globalThis.fetch, { stderr }: CommandContext): typeof globalThis.fetch {
  // A response may contain the token, also after a redirect.
  const secrets: string[] = [];
  const print = (mark: '>' | '<', lines: readonly string[]) =>
    write(
      stderr,
      [...lines, ''].map((line) => `${mark} ${printable(withoutSecrets(line, secrets))}`.trim() + '\n').join(''),
    );

  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const sent = [...new Headers(init?.headers)];
    const values = sent.filter(([name]) => credentials.has(name)).map(([, value]) => value.replace(/^\S+ /, ''));
    secrets.push(...values, ...values.map(inQuery));
    const { method = 'GET' } = init ?? {};
    await print('>', [`${method} ${url.pathname}${url.search} HTTP/1.1`, `host: ${url.host}`, ...sent.map(toLine)]);
    const response = await fetch(input, init);
    const { status, statusText, headers } = response;
    await print('<', [`HTTP/1.1 ${status} ${statusText}`, ...[...headers].map(toLine)]);
    return response;
  };
}

// A redirect may have the token in its query, where the URL parser percent-encodes some characters.
const inQuery = (text: string): string => new URL(`http://localhost/?${text}`).search.slice(1);

const credentials = new Set(['authorization', 'dpop']);

const toLine = ([name, value]: readonly [string, string]): string => `${name}: ${value}`;
