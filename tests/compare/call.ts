import type { Api } from './servers.js';
import type { Reply, Subject } from './subject.js';

/** Options of a call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** The outcome of a call. */
export interface Call {
  /** Whether the API accepts the token, or has accepted the request. */
  readonly succeeded: boolean;
  readonly ms: number;
  /** The token, if the call succeeded. */
  readonly token?: string;
  /** The error that the subject threw, if it did. */
  readonly error?: unknown;
  /** The status of the API; absent for a subject that only returns tokens. */
  readonly status?: number;
}

/** Makes one call. Never rejects. */
export async function call(subject: Subject, api: Api, options: CallOptions = {}): Promise<Call> {
  const start = performance.now();
  const outcome = await (subject.request ? sent(subject, options) : returned(subject, api, options)).catch(
    (error: unknown) => ({ succeeded: false, error, ...statusOf(error) }),
  );
  return { ...outcome, ms: performance.now() - start };
}

async function sent(subject: Subject, options: CallOptions): Promise<Omit<Call, 'ms'>> {
  const reply = (await subject.request?.('/orders', options)) as Reply;
  const { token } = (await bodyOf(reply)) as { token?: string };
  const succeeded = reply.status >= 200 && reply.status < 300;
  return { succeeded, status: reply.status, ...(token !== undefined && { token }) };
}

async function returned(subject: Subject, api: Api, options: CallOptions): Promise<Omit<Call, 'ms'>> {
  const token = await subject.getToken?.(options);
  return { succeeded: api.accepts(token), ...(token !== undefined && { token }) };
}

/** The body of a response, parsed. */
export async function bodyOf(reply: Reply): Promise<unknown> {
  if (typeof reply.data === 'object') return reply.data;
  const text = typeof reply.data === 'string' ? reply.data : await reply.text?.();
  return text ? JSON.parse(text) : {};
}

// axios and others throw an error for each status from 400.
function statusOf(error: unknown): { status?: number } {
  const { status, response } = (error ?? {}) as { status?: unknown; response?: { status?: unknown } };
  const found = response?.status ?? status;
  return typeof found === 'number' ? { status: found } : {};
}
