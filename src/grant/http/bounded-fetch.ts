import type { CustomFetch } from 'openid-client';

import { abortable, withDeadline } from '../../core/abort.js';
import { cleanUrl } from '../../core/clean-text.js';
import { ignoredProxyVariable } from '../../core/environment.js';
import { ConfigurationError, InvalidTokenResponseError } from '../../core/errors.js';
import { asOwnRequest, isLoopback, isPermitted } from '../../core/secure-url.js';
import { jsonBody } from './json-body.js';

/** A complete response of the authorization server. */
export interface BoundedResponse {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  /** Empty if it is too complex to be parsed as JSON. */
  readonly body: string;
}

/** A `fetch` for openid-client, and the last response that it received. */
export interface BoundedFetch {
  readonly fetch: CustomFetch;
  /** `undefined` if the last request has no complete response. */
  readonly response: BoundedResponse | undefined;
  /** Number of requests so far. A request is repeated if the server asks for a DPoP nonce (RFC 9449 §8). */
  readonly requests: number;
  /** The environment variable that names a proxy for the last request, if Node.js ignored it. */
  readonly ignoredProxy: string | undefined;
}

/** Options of {@link boundedFetch}. */
export interface BoundedFetchOptions {
  /** The origins for which http is allowed, in addition to loopback. @default none */
  readonly httpOrigins?: readonly string[];
  /** Deadline of each request, including the body of its response, in milliseconds. */
  readonly timeoutMs: number;
  /** Checks a successful response and returns the body that openid-client reads. If it throws, the request fails. */
  readonly accept?: ((response: BoundedResponse) => string) | undefined;
  /** The format of the body of a request. @default 'form' */
  readonly bodyFormat?: 'form' | 'json' | undefined;
  /** Ends a request before its deadline. */
  readonly signal?: AbortSignal | undefined;
}

/** The current global `fetch`. It uses variables such as `HTTPS_PROXY` only if Node.js is configured to do so. */
export const globalFetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init);

const maxBodyBytes = 1024 * 1024;
const maxUncheckedLength = 64 * 1024;
const maxParts = 10_000;

/**
 * A `fetch` for requests to the authorization server. It sends to https, loopback and `httpOrigins` only
 * (RFC 6749 §10.8), follows no redirects and reads at most 1 MiB. The last response is kept for error messages.
 */
export function boundedFetch(
  fetch: typeof globalThis.fetch,
  { timeoutMs, accept = ({ body }) => body, bodyFormat, signal, httpOrigins = [] }: BoundedFetchOptions,
): BoundedFetch {
  let last: BoundedResponse | undefined;
  let lastUrl: URL | undefined;
  let requests = 0;

  return {
    async fetch(url, options) {
      lastUrl = new URL(url);
      if (!isPermitted(lastUrl, httpOrigins)) {
        throw new ConfigurationError(
          `no request is sent to ${cleanUrl(url)}: only https, or http to this machine, keeps the credentials secret; ` +
            'dangerouslyAllowHttp allows http to one origin',
        );
      }
      // Such a URL may come from the metadata, and `fetch` rejects it.
      if (lastUrl.username !== '' || lastUrl.password !== '') {
        throw new ConfigurationError(
          `no request is sent to ${cleanUrl(url)}: its URL contains a user name or a password`,
        );
      }
      // If a request is repeated, with a nonce for example, the earlier response no longer counts.
      last = undefined;
      requests += 1;
      // The signal of openid-client is replaced: its deadline is in whole seconds and does not cover the body.
      const send = async (until: AbortSignal): Promise<BoundedResponse> => {
        const init = {
          ...options,
          headers: exactHeaders(options.headers),
          ...(bodyFormat === 'json' && jsonBody(options.headers, options.body)),
          redirect: 'manual',
          // Some frameworks replace the global `fetch` and cache POST responses unless this is set.
          cache: 'no-store',
          signal: until,
        } as RequestInit;
        const response = await abortable(fetch(url, init), until);
        const text = (await abortable(readBody(response, url), until)).toString('utf8');
        const { status, headers } = response;
        return { url, status, headers, body: isTooComplex(text) ? '' : text };
      };
      last = await asOwnRequest(url, () => withDeadline(timeoutMs, signal, send));
      return toResponse(last, accept);
    },
    get response() {
      return last;
    },
    get requests() {
      return requests;
    },
    get ignoredProxy() {
      const isProxied = fetch === globalFetch && lastUrl !== undefined && !isLoopback(lastUrl.hostname);
      return isProxied ? ignoredProxyVariable(lastUrl as URL) : undefined;
    },
  };
}

async function readBody(response: Response, url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Throwing out of the loop cancels the rest of the body.
    if (bytes > maxBodyBytes) {
      throw new InvalidTokenResponseError(`the response of ${cleanUrl(url)} is longer than 1 MiB`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// JSON.parse blocks the event loop if a body has very many members or is deeply nested. Real responses have few.
const isTooComplex = (text: string): boolean =>
  text.length > maxUncheckedLength && text.split(/[[{,]/, maxParts + 1).length > maxParts;

// openid-client accepts only status 200, but servers also respond with other success statuses. The constructor of
// Response accepts only statuses from 200 to 599, and for 304 no body.
function toResponse(received: BoundedResponse, accept: (response: BoundedResponse) => string): Response {
  const { status, headers, body } = received;
  if (isSuccess(received)) return new Response(accept(received), { status: 200, headers });
  const isAllowed = status >= 300 && status <= 599;
  return new Response(status === 304 ? null : body, { status: isAllowed ? status : 502, headers });
}

/** Whether the status reports success (2xx). */
export const isSuccess = ({ status }: Pick<BoundedResponse, 'status'>): boolean => status >= 200 && status < 300;

// Some servers compare the content type as a string, so the parameter that openid-client adds is left out
// (RFC 6749 §4.4.2).
function exactHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value.startsWith('application/x-www-form-urlencoded') ? 'application/x-www-form-urlencoded' : value,
    ]),
  );
}
