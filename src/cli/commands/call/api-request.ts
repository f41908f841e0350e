import { readFile } from 'node:fs/promises';

import { isSecure, parseUrl } from '../../../core/secure-url.js';
import type { CommandContext } from '../../context.js';
import { CommandError } from '../../io/command-error.js';
import { readStdin } from '../../io/input.js';

/** A request to an API, without its token. */
export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
}

/** The flags that describe the request; they are curl's. */
export interface ApiRequestFlags {
  readonly data?: readonly string[];
  readonly json?: string;
  readonly header?: readonly string[];
}

/**
 * The request that the arguments `[METHOD] URL` and the flags describe.
 * @throws {CommandError} when they describe none, or one that would show the token to others
 */
export async function apiRequest(
  args: readonly string[],
  { data, json, header = [] }: ApiRequestFlags,
  context: CommandContext,
): Promise<ApiRequest> {
  if (args.length > 2)
    throw new CommandError('a request is one method and one URL', { advice: 'm2m call [METHOD] URL' });
  if (data !== undefined && json !== undefined) {
    throw new CommandError('--data and --json are two bodies', { advice: 'use one of them' });
  }
  const [text = '', method = data === undefined && json === undefined ? 'GET' : 'POST'] = args.toReversed();
  const url = checkedUrl(text);
  const own = header.map(parseHeader);
  const body = await bodyOf(json === undefined ? data : [json], context);
  if (body !== undefined && /^(get|head)$/i.test(method)) {
    throw new CommandError(`${method} takes no body`, { advice: 'name another method before the URL, POST for one' });
  }

  const isOwn = (name: string) => own.some(([each]) => each.toLowerCase() === name.toLowerCase());
  const usual: (readonly [string, string])[] = [];
  if (json !== undefined) usual.push(['Content-Type', 'application/json'], ['Accept', 'application/json']);
  if (data !== undefined) usual.push(['Content-Type', 'application/x-www-form-urlencoded']);
  return { method: method.toUpperCase(), url, headers: [...usual.filter(([name]) => !isOwn(name)), ...own], body };
}

/**
 * The URL of an API that may see a token (RFC 6750 §5.3).
 * @throws {CommandError} when it is none
 */
export function checkedUrl(text: string): URL {
  const url = parseUrl(text);
  if (url === undefined) {
    throw new CommandError(`${JSON.stringify(text)} is no absolute URL`, { advice: 'write it with https:// in front' });
  }
  if (url.username !== '' || url.password !== '') {
    throw new CommandError('the URL holds credentials', { advice: 'take them out: the token takes their place' });
  }
  if (!isSecure(url)) {
    throw new CommandError(`the token would be readable on the way to ${url.origin}`, {
      advice: 'use https, or http to this machine',
    });
  }
  return url;
}

// Not repeated in any message: it may be a key.
function parseHeader(text: string): readonly [string, string] {
  const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~\w-]+):\s*([^\r\n]*)$/.exec(text) ?? [];
  if (name === '') throw new CommandError('a --header is malformed', { advice: `write it as 'Name: value'` });
  if (name.toLowerCase() === 'authorization') {
    throw new CommandError('--header sets Authorization, which is for the token', {
      advice: 'leave it out, or use curl',
    });
  }
  return [name, value];
}

// As they are: unlike curl, nothing is taken off a file.
async function bodyOf(parts: readonly string[] | undefined, context: CommandContext): Promise<Buffer | undefined> {
  if (parts === undefined) return undefined;
  const bodies: Buffer[] = [];
  for (const part of parts) bodies.push(await partOf(part, context), Buffer.from('&'));
  return Buffer.concat(bodies.slice(0, -1));
}

async function partOf(part: string, context: CommandContext): Promise<Buffer> {
  if (part === '@-') return readStdin(context);
  if (!part.startsWith('@')) return Buffer.from(part);
  const path = part.slice(1);
  return readFile(path).catch(({ code }: NodeJS.ErrnoException) => {
    throw new CommandError(`the body cannot be read from ${JSON.stringify(path)} (${code})`, {
      advice: 'check the path after @',
    });
  });
}
