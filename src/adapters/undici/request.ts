import type { Readable } from 'node:stream';

import type { Dispatcher } from 'undici';

import type { TokenRequest } from '../../core/token-request.js';
import { isStream } from '../body.js';
import type { AuthorizedRequest } from '../send-authorized.js';
import { type HeaderRecord, headerOf, responseHeaders } from './headers.js';
import { LegacyDispatch, type LegacyHandler } from './legacy-handler.js';
import { type Handler, UndiciResponse } from './response.js';

/** The status and headers of a response, for the option `isRejected`. */
export interface ResponseHead {
  readonly statusCode: number;
  /** By their names in lower case. */
  readonly headers: Readonly<HeaderRecord>;
}

/** Options of {@link undiciRequest}. */
export interface UndiciRequestOptions {
  readonly dispatch: Dispatcher['dispatch'];
  readonly outgoing: Omit<Dispatcher.DispatchOptions, 'headers'> & { readonly headers: HeaderRecord };
  readonly handler: Handler | LegacyHandler;
  readonly origin: string;
  readonly tokenRequest: TokenRequest | undefined;
  readonly signal: AbortSignal | undefined;
  readonly isRejected: ((response: ResponseHead) => boolean) | undefined;
}

/**
 * Adapts an undici request for `sendAuthorized`. Each response is held until it is delivered or discarded. `fail`
 * reports an error to the handler if there is no response.
 */
export function undiciRequest(
  options: UndiciRequestOptions,
): AuthorizedRequest<UndiciResponse> & { tokenRequest: TokenRequest | undefined; fail(error: Error): void } {
  const { dispatch, outgoing, handler, origin, tokenRequest, signal, isRejected } = options;
  const keptBody = outgoing.body && isReadOnce(outgoing.body) ? keepBody(outgoing) : undefined;
  let latest: UndiciResponse | undefined;

  return {
    method: outgoing.method,
    origin,
    url: () => origin + outgoing.path,
    tokenRequest,
    signal,
    send: ({ authorization }, proof) =>
      new Promise((onResponse, onError) => {
        const headers = { ...outgoing.headers, authorization, ...(proof !== undefined && { dpop: proof }) };
        const toSend = Object.assign({}, outgoing, { headers, body: keptBody?.read() ?? outgoing.body ?? null });
        // An inner redirect interceptor would send the proof to another URL.
        if (proof !== undefined) Object.assign(toSend, { maxRedirections: 0 });
        const outcome = { onResponse, onError };
        const events = isLegacy(handler) ? new LegacyDispatch(handler, outcome) : new UndiciResponse(handler, outcome);
        if (events instanceof UndiciResponse) latest = events;
        dispatch(toSend, events as Dispatcher.DispatchHandler);
      }),
    status,
    header,
    responseUrl,
    wasRedirected,
    isRejected: ({ state, statusCode, headers }) =>
      state === 'held' && (isRejected?.({ statusCode, headers: responseHeaders(headers) }) ?? false),
    isResendable: () => keptBody?.isResendable() ?? true,
    discard,
    fail(error) {
      if (isLegacy(handler)) handler.onError(error);
      else handler.onResponseError?.(latest?.controller ?? notStarted(error, signal), error);
    },
  };
}

const status = ({ statusCode }: UndiciResponse): number => statusCode;
const header = ({ headers }: UndiciResponse, name: string): string | undefined => headerOf(headers, name);
const responseUrl = ({ history }: UndiciResponse): string | undefined => history?.at(-1)?.href;
// The redirect interceptor adds the URL of each response, including the last one.
const wasRedirected = ({ history }: UndiciResponse): boolean => history !== undefined && history.length > 1;
const discard = (response: UndiciResponse): void => response.discard();

const isLegacy = (handler: object): handler is LegacyHandler => 'onConnect' in handler;

// Outer interceptors read this: the retry interceptor of undici does not retry an aborted request.
function notStarted(reason: Error, signal: AbortSignal | undefined): Dispatcher.DispatchController {
  const nothing = (): void => undefined;
  return { aborted: signal?.aborted ?? false, paused: false, reason, abort: nothing, pause: nothing, resume: nothing };
}

const isReadOnce = (body: unknown): boolean => isStream(body) || 'next' in Object(body);
const maxKeptBytes = 1_048_576;

/** Buffers a short body of an async iterator while it is sent. The `fetch` of undici converts each body to one. */
function keepBody({ body, headers }: UndiciRequestOptions['outgoing']): {
  read: () => Readable;
  isResendable: () => boolean;
} {
  const length = Number(headerOf(headers, 'content-length') ?? Infinity);
  const isKept = length <= maxKeptBytes && Symbol.asyncIterator in Object(body) && !('pipe' in Object(body));
  let kept: Buffer | undefined;

  async function* keep(): AsyncGenerator<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      yield chunk;
    }
    kept = Buffer.concat(chunks);
  }
  const read = (): unknown => kept ?? (isKept ? keep() : body);
  return { read: read as () => Readable, isResendable: () => kept !== undefined };
}
