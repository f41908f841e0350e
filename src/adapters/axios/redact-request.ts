import { OutgoingMessage } from 'node:http';
import { Readable } from 'node:stream';

import type { InternalAxiosRequestConfig } from 'axios';

import { isStream } from '../body.js';
import { detachedStream } from './detached-stream.js';

/** Replaces the request object in a response or an error. Holds the method and the URL, but no headers. */
export interface SentRequest {
  readonly method: string | undefined;
  readonly protocol: string | undefined;
  readonly host: string | undefined;
  readonly path: string | undefined;
  /** As on Node's `ClientRequest`: `responseUrl` is the URL after redirects. */
  readonly res: { readonly responseUrl: string | undefined };
  readonly wasRedirected: boolean;
}

/**
 * Replaces the request object that a response or an error of axios holds. This object, its socket and its agent
 * reference the token of this request, and the tokens of other requests in flight. A response stream of Node.js does
 * too, and is also replaced. If a stream, its error or an agent of the caller may hold the request object, the
 * headers of that object are removed.
 */
export function redactRequest(holder: { request?: unknown; data?: unknown }, config: InternalAxiosRequestConfig): void {
  const { data, responseType, httpAgent, httpsAgent } = config;
  const request = holder.request as AnyRequest | null | undefined;
  if (typeof request !== 'object' || request === null) return;
  const upload = data && isStream(data) ? data : undefined;
  // A stream that has ended still references the request that it was piped to.
  if (upload?.readableEnded) upload.unpipe?.();
  if (upload || responseType === 'stream' || httpAgent || httpsAgent) removeHeaders(request);

  const { method, protocol, host, path } = request._currentRequest ?? request;
  const responseUrl = request.res?.responseUrl ?? request._currentUrl ?? request.url;
  const { _redirectCount = request.redirect === 'follow' ? 1 : 0 } = request._redirectable ?? request;
  const wasRedirected = _redirectCount > 0;
  holder.request = { method, protocol, host, path, res: { responseUrl }, wasRedirected } satisfies SentRequest;
  if (holder.data instanceof Readable)
    holder.data = detachedStream(holder.data, (error) => redactRequest(error, config));
}

/** Members of Node's `ClientRequest`, of the request of follow-redirects, of a stream of HTTP/2, and of the `Request` of fetch. */
interface AnyRequest extends Partial<Omit<SentRequest, 'res'>> {
  readonly url?: string;
  /** The redirect mode of a `Request`. With `follow` and no redirect count, the request may have been redirected. */
  readonly redirect?: string;
  readonly res?: { readonly responseUrl?: string };
  /** The text that a `ClientRequest` has sent. */
  _header?: unknown;
  /** `kOutHeaders`: the headers of a `ClientRequest` by their names in lower case. */
  readonly [symbol: symbol]: HeaderRecord | null | undefined;
  readonly sentHeaders?: HeaderRecord;
  readonly headers?: { delete?(name: string): void };
  /** The request of follow-redirects. It has the URL and the request of the latest hop, and the options of the next. */
  readonly _redirectable?: AnyRequest;
  readonly _redirectCount?: number;
  readonly _currentUrl?: string;
  readonly _currentRequest?: AnyRequest;
  readonly _options?: { readonly headers?: HeaderRecord };
}

type HeaderRecord = Record<string, unknown>;

function removeHeaders(request: AnyRequest): void {
  const hops = request._redirectable ?? request;
  for (const each of [hops, request, hops._currentRequest]) {
    if (each === undefined) continue;
    // Keep the request line: Node.js treats a request with an empty `_header` as not sent yet.
    if (typeof each._header === 'string') each._header = each._header.slice(0, each._header.indexOf('\r\n') + 2);
    if (kOutHeaders !== undefined) removeSecrets(each[kOutHeaders]);
    removeSecrets(each._options?.headers);
    removeSecrets(each.sentHeaders);
    for (const name of secretHeaders) each.headers?.delete?.(name);
  }
}

const kOutHeaders = Object.getOwnPropertySymbols(new OutgoingMessage()).find(
  ({ description }) => description === 'kOutHeaders',
);
const secretHeaders = ['Authorization', 'authorization', 'DPoP', 'dpop'];

function removeSecrets(headers: HeaderRecord | null | undefined): void {
  if (headers) for (const name of secretHeaders) delete headers[name];
}
