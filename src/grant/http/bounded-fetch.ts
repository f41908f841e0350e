import type { CustomFetch } from 'openid-client';

import { abortable, withDeadline } from '../../core/abort.js';
import { ConfigurationError, InvalidTokenResponseError } from '../../core/errors.js';
import { isSecure } from '../../core/secure-url.js';

/** What the authorization server answered, read to its end. */
export interface Reply {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** One request to the authorization server and its answer. */
export interface Exchange {
  /** Sends the request. What it returns is read to its end already, so that one deadline holds for all of it. */
  readonly fetch: CustomFetch;
  /** `undefined` until the whole answer is there. */
  readonly reply: Reply | undefined;
}

/** Options of {@link exchange}. */
export interface ExchangeOptions {
  /** For the whole answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Checks a success and returns the part of its body that anybody else may read; what it throws fails the exchange. */
  readonly accept?: ((reply: Reply) => string) | undefined;
  /** Ends the exchange earlier. */
  readonly signal?: AbortSignal | undefined;
}

const maxBodyBytes = 1024 * 1024;
const harmlessLength = 64 * 1024;
const mostParts = 10_000;

/**
 * A fetch for one exchange with the authorization server: https or loopback only (RFC 6749 §10.8), follows no redirect and
 * reads up to 1 MiB. Its reply is kept for whoever has to say what went wrong.
 */
export function exchange(
  fetch: typeof globalThis.fetch,
  { timeoutMs, accept = ({ body }) => body, signal }: ExchangeOptions,
): Exchange {
  let reply: Reply | undefined;

  return {
    async fetch(url, options) {
      if (!isSecure(new URL(url))) {
        throw new ConfigurationError(
          `${withoutQuery(url)} is not asked: only https, or http to this machine, keeps the credentials secret`,
        );
      }
      // Not openid-client's signal: that one counts in seconds and ends with the headers.
      await withDeadline(timeoutMs, signal, async (until) => {
        const init = { ...options, redirect: 'manual', signal: until } as RequestInit;
        const response = await abortable(fetch(url, init), until);
        const text = (await abortable(readBody(response, url), until)).toString('utf8');
        const body = isTangled(text) ? '' : text;
        reply = { url, status: response.status, headers: response.headers, body };
      });
      return rebuild(reply as Reply, accept);
    },
    get reply() {
      return reply;
    },
  };
}

async function readBody(response: Response, url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (bytes > maxBodyBytes)
      throw new InvalidTokenResponseError(`the answer of ${withoutQuery(url)} is longer than 1 MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// A megabyte of nothing but brackets, or of ten thousands of members, would take JSON.parse longer than all other requests of
// the process can wait. It is read as no JSON, since none that is asked for has so many parts.
const isTangled = (text: string): boolean =>
  text.length > harmlessLength && text.split(/[[{,]/, mostParts + 1).length > mostParts;

// A Response is made of the statuses from 200 to 599 only, and without a body for some of them.
function rebuild(reply: Reply, accept: (reply: Reply) => string): Response {
  const status = reply.status >= 200 && reply.status <= 599 ? reply.status : 502;
  const body = status === 200 ? accept(reply) : reply.body;
  return new Response([204, 205, 304].includes(status) ? null : body, { status, headers: reply.headers });
}

/** The URL as it may stand in a message: a query may hold what is not for everybody's eyes. */
export function withoutQuery(url: string | URL): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
