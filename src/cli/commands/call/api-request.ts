import { readFile } from 'node:fs/promises';

import { isInsecureUrl } from '../../../core/insecure-url.js';
import { isSecure, parseUrl } from '../../../core/secure-url.js';
import type { CommandContext } from '../../context.js';
import { CommandError } from '../../io/command-error.js';
import { readStdin } from '../../io/input.js';
import { isPath } from '../../io/text.js';
import { allowedUrl } from '../../settings/allowed-url.js';
import type { Settings } from '../../settings/settings.js';

/** A request to an API, without its token. */
export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
}

/** The flags of the request, which are those of curl. */
export interface ApiRequestFlags {
  /** The method. */
  readonly request?: string;
  readonly data?: readonly string[];
  readonly json?: string;
  readonly header?: readonly string[];
}

/**
 * Makes the request from the arguments `[METHOD] URL` and the flags.
 * @throws {CommandError} if they are malformed, or the request would reveal the token
 */
export async function apiRequest(
  args: readonly string[],
  { request, data, json, header = [] }: ApiRequestFlags,
  settings: Settings,
  context: CommandContext,
): Promise<ApiRequest> {
  if (args.length > 2) {
    throw new CommandError('expected [METHOD] URL', { advice: 'quote a URL with special characters' });
  }
  if (data !== undefined && json !== undefined) {
    throw new CommandError('--data and --json cannot be combined', { advice: 'use one of them' });
  }
  if (args.length === 2 && request !== undefined) {
    throw new CommandError('the method is given twice', { advice: 'write it before the URL, or set --request' });
  }
  const [text = '', method = request ?? (data === undefined && json === undefined ? 'GET' : 'POST')] =
    args.toReversed();
  if (!/^[a-z-]+$/i.test(method) || forbidden.test(method)) {
    throw new CommandError('the method is malformed or not allowed', {
      advice: 'use GET, POST, PUT, PATCH or DELETE',
    });
  }
  const url = checkedUrl(text, settings);
  const given = header.map(parseHeader);
  const body = await bodyOf(json === undefined ? data : [json], context);
  if (body !== undefined && /^(get|head)$/i.test(method)) {
    throw new CommandError(`${method} has no body`, { advice: 'write another method before the URL, such as POST' });
  }

  const isGiven = (name: string) => given.some(([each]) => each.toLowerCase() === name.toLowerCase());
  const defaults: (readonly [string, string])[] = [];
  if (json !== undefined) defaults.push(['Content-Type', 'application/json'], ['Accept', 'application/json']);
  if (data !== undefined) defaults.push(['Content-Type', 'application/x-www-form-urlencoded']);
  const headers = [...defaults.filter(([name]) => !isGiven(name)), ...given];
  return { method: method.toUpperCase(), url, headers, body };
}

// The Fetch standard, "forbidden method".
const forbidden = /^(connect|trace|track)$/i;

/**
 * Parses the URL of an API.
 * @throws {CommandError} if the text is not a URL, or it would reveal the token (RFC 6750 §5.3)
 */
export function checkedUrl(text: string, settings: Settings): URL {
  const url = parseUrl(text);
  if (url === undefined) {
    throw new CommandError(`${JSON.stringify(text)} is not an absolute URL`, { advice: 'begin it with https://' });
  }
  if (url.username !== '' || url.password !== '') {
    throw new CommandError('the URL contains credentials', { advice: 'remove them: the token replaces them' });
  }
  if (!isSecure(url) && !isInsecureUrl(allowedUrl(settings, url.href))) {
    throw new CommandError(`http to ${url.origin} would reveal the token`, {
      advice: `use https; if a service mesh encrypts the request, set --dangerously-allow-http ${url.origin}`,
    });
  }
  return url;
}

// Messages do not contain the line, which may hold a secret.
function parseHeader(text: string): readonly [string, string] {
  const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~\w-]+):\s*([\t\x20-\x7e\x80-\xff]*)$/.exec(text) ?? [];
  if (name === '') throw new CommandError('a --header is malformed', { advice: `write 'Name: value'` });
  if (name.toLowerCase() === 'authorization') {
    throw new CommandError('--header cannot set Authorization', {
      advice: 'leave it out: the command sets it to the token',
    });
  }
  return [name, value];
}

// Unlike curl, the command sends files unchanged, with their newlines.
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
    // A text that begins with @ may be a secret.
    const from = isPath(path) ? ` from ${JSON.stringify(path)}` : '';
    throw new CommandError(`the body cannot be read${from} (${code})`, { advice: 'check the path after @' });
  });
}
