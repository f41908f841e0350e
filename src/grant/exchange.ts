import type { CustomFetch } from 'openid-client';

import { ConfigurationError, InvalidTokenResponseError } from '../errors.js';
import { isSecure } from '../secure-url.js';

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
  readonly accept?: (reply: Reply) => string;
  /** Ends the exchange earlier. */
  readonly signal?: AbortSignal | undefined;
}

const maxBodyBytes = 1024 * 1024;

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
      // Instead of openid-client's signal, which ends in whole seconds and at the headers.
      const deadline = AbortSignal.timeout(Math.ceil(timeoutMs));
      const init = { ...options, redirect: 'manual', signal: signal ? AbortSignal.any([signal, deadline]) : deadline };
      const response = await fetch(url, init as RequestInit);
      const body = (await readBody(response, url)).toString('utf8');
      reply = { url, status: response.status, headers: response.headers, body };
      return rebuild(response, response.status === 200 ? accept(reply) : reply.body);
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

// A Response is made of the statuses from 200 to 599 only, and without a body for some of them.
function rebuild(response: Response, body: string): Response {
  const status = response.status >= 200 && response.status <= 599 ? response.status : 502;
  return new Response([204, 205, 304].includes(status) ? null : body, { status, headers: response.headers });
}

/** The URL as it may stand in a message: a query may hold what is not for everybody's eyes. */
export function withoutQuery(url: string | URL): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
