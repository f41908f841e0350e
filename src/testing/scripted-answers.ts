import type { ServerResponse } from 'node:http';

import { numberOfAtLeastZero, checkOptions, checkArgument, oneOf, positiveInteger } from '../core/check-options.js';
import type { Clock } from '../core/clock.js';
import type { FakeEndpoint } from './received-request.js';

/**
 * An answer of the fake authorization server. Without `status`, `error` and `body` it is the usual one, for example
 * a late one with `{ delayMs: 2_000 }`.
 */
export interface FakeAnswer {
  /** The endpoint that answers so. @default 'token' */
  readonly endpoint?: FakeEndpoint | undefined;
  /** For how many requests; `Infinity` for all until `recover`. @default 1 */
  readonly times?: number | undefined;
  /** The HTTP status. @default 400 with `error`, otherwise 200 */
  readonly status?: number | undefined;
  /** The `error` of an error response (RFC 6749 §5.2), such as `invalid_client`. */
  readonly error?: string | undefined;
  /** The `Retry-After` header, in seconds. */
  readonly retryAfterSeconds?: number | undefined;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The body: a text, or an object that is sent as JSON. */
  readonly body?: string | object | undefined;
  /** Milliseconds until the answer, on the clock of the server. @default 0 */
  readonly delayMs?: number | undefined;
  /**
   * - `hang`: no answer until the client or the server closes the connection
   * - `reset`: the connection ends without an answer
   * - `truncate`: the connection ends in the middle of the body
   */
  readonly fault?: 'hang' | 'reset' | 'truncate' | undefined;
}

/** A response before it is written. */
export interface PlainResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
}

/** The answers that a test has scripted. */
export interface ScriptedAnswers {
  /** @throws {ConfigurationError} if an answer is malformed */
  add(answers: readonly FakeAnswer[]): void;
  /** Takes the next answer of an endpoint; `{}` is the usual one. */
  next(endpoint: FakeEndpoint): FakeAnswer;
  clear(): void;
}

const any = (): undefined => undefined;
const endpoint = oneOf('metadata', 'token', 'revocation', 'introspection', 'jwks', 'other');
const fault = oneOf('hang', 'reset', 'truncate');
const checks = { endpoint, times: any, status: positiveInteger, error: any, retryAfterSeconds: numberOfAtLeastZero };
const allChecks = { ...checks, headers: any, body: any, delayMs: numberOfAtLeastZero, fault };

/** Makes an empty script. */
export function scriptedAnswers(): ScriptedAnswers {
  let script: { readonly answer: FakeAnswer; left: number }[] = [];

  return {
    add(answers) {
      for (const answer of answers) {
        checkOptions('an answer', answer, allChecks);
        const { times = 1 } = answer;
        if (times !== Infinity) checkArgument('an answer', 'times', times, positiveInteger);
        script.push({ answer, left: times });
      }
    },
    next(at) {
      const found = script.find(({ answer }) => (answer.endpoint ?? 'token') === at);
      if (found === undefined) return {};
      found.left -= 1;
      if (found.left === 0) script = script.filter((each) => each !== found);
      return found.answer;
    },
    clear() {
      script = [];
    },
  };
}

/** Options of {@link respond}. */
export interface RespondOptions {
  readonly usual: () => Promise<PlainResponse>;
  readonly clock: Clock;
  /** Ends a delay when the server closes. */
  readonly signal: AbortSignal;
}

/** Writes an answer, or the usual response. */
export async function respond(
  response: ServerResponse,
  answer: FakeAnswer,
  { usual, clock, signal }: RespondOptions,
): Promise<void> {
  const { delayMs = 0, fault: flaw, retryAfterSeconds, headers = {} } = answer;
  if (delayMs > 0) await clock.sleep(delayMs, signal);
  if (flaw === 'hang') return;
  if (flaw === 'reset') {
    response.destroy();
    return;
  }
  const { status = 200, headers: ownHeaders = {}, body = '' } = scripted(answer) ?? (await usual());
  const isJson = typeof body === 'object';
  const content = Buffer.from(isJson ? JSON.stringify(body) : body);
  response.writeHead(status, {
    date: new Date(clock.now()).toUTCString(),
    ...(isJson && { 'content-type': 'application/json', 'cache-control': 'no-store' }),
    'content-length': content.length,
    ...ownHeaders,
    ...(retryAfterSeconds !== undefined && { 'retry-after': `${retryAfterSeconds}` }),
    ...headers,
  });
  if (flaw !== 'truncate') response.end(content);
  else response.write(content.subarray(0, content.length / 2), () => response.destroy());
}

function scripted({ status, error, body }: FakeAnswer): PlainResponse | undefined {
  if (error !== undefined) return { status: status ?? 400, body: body ?? { error } };
  return status === undefined && body === undefined ? undefined : { status: status ?? 200, body: body ?? '' };
}
