import { abortable, DeadlineError, withDeadline } from '../core/abort.js';
import { cleanText, cleanUrl } from '../core/clean-text.js';
import { causesOf } from '../core/error-causes.js';
import { ConfigurationError, GrantUnavailableError, isTokenError } from '../core/errors.js';
import { parseObject } from '../core/json.js';
import { retryAfterMs } from '../core/retry-after.js';
import { asOwnRequest, parseUrl } from '../core/secure-url.js';
import { maxBytes } from './identity-token.js';

/** The response of an endpoint. */
export interface EndpointResponse {
  readonly status: number;
  readonly headers: Pick<Headers, 'get'>;
  readonly body: string;
}

/** An endpoint that issues identity tokens, and how its errors are read. */
export interface Endpoint {
  /** Names the endpoint in messages. */
  readonly name: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sends the request if the URL is https. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** What to do if the endpoint rejects the request. */
  readonly advice: string;
  /** What to check if there is no response. */
  readonly unreachable: string;
  /** Whether an error response may become a success, in addition to 408, 425, 429 and 5xx. */
  readonly isTransient?: ((response: EndpointResponse) => boolean) | undefined;
}

const linkLocalTimeoutMs = 1_000;
const httpsTimeoutMs = 5_000;

/**
 * Sends a GET request. A redirect is not followed, and at most 128 KiB are read. A request to http is for this machine
 * or its link-local network: it goes to no proxy, whatever the environment or a global dispatcher says, within 1 s. A
 * request to https has 5 s.
 * @returns the body of a 2xx response
 * @throws {ConfigurationError} if the request must be corrected, {@link GrantUnavailableError} if it may succeed later
 */
export async function askEndpoint(endpoint: Endpoint): Promise<string> {
  const { name, url, unreachable } = endpoint;
  const isDirect = url.protocol === 'http:';
  const timeoutMs = isDirect ? linkLocalTimeoutMs : httpsTimeoutMs;
  const send = isDirect ? sendDirectly : sendByFetch;
  const sending = withDeadline(timeoutMs, undefined, (signal) => abortable(send(endpoint, signal), signal));
  const response = await sending.catch((cause: unknown) => {
    if (isTokenError(cause)) throw cause;
    if (cause instanceof DeadlineError) {
      throw new GrantUnavailableError(`${name} did not respond within ${timeoutMs / 1_000} s: ${unreachable}`, {
        cause,
      });
    }
    const code = codeOf(cause);
    const detail = code === undefined ? '' : ` (${cleanText(code)})`;
    // The message of a user's `fetch` may contain the request.
    const kept = code === undefined ? undefined : { message: code, code };
    throw new GrantUnavailableError(`${name} could not be reached${detail}: ${unreachable}`, { cause: kept });
  });
  if (response.status >= 200 && response.status < 300) return response.body;
  throw errorFor(response, endpoint);
}

function errorFor(response: EndpointResponse, endpoint: Endpoint): Error {
  const { status, headers } = response;
  const { name, url, advice, isTransient = () => false } = endpoint;
  if (status >= 300 && status < 400) {
    const target = parseUrl(headers.get('location') ?? '', url.href);
    const where = target === undefined ? '' : ` to ${cleanUrl(target)}`;
    return new ConfigurationError(
      `${name} redirected the request${where} (HTTP ${status}), which is not followed: check whether ${cleanUrl(url)} is ` +
        'the endpoint, and whether a proxy or captive portal responds',
    );
  }
  const facts = [`HTTP ${status}`, descriptionIn(response.body)].filter(Boolean).join(', ');
  if ([408, 425, 429].includes(status) || status >= 500 || isTransient(response)) {
    const what = status === 429 ? 'limits the rate of requests' : 'cannot issue a token now';
    return new GrantUnavailableError(`${name} ${what} (${facts})`, {
      retryAfterMs: retryAfterMs(headers, Date.now()),
    });
  }
  return new ConfigurationError(`${name} rejected the request (${facts}): ${advice}`);
}

/** The text with which an endpoint describes an error in JSON, without anything that looks like a JWT. */
function descriptionIn(body: string): string | undefined {
  const { error_description: description, message, error } = parseObject(body) ?? {};
  const text = [description, message, error].find((each) => typeof each === 'string' && each !== '');
  return text === undefined ? undefined : `"${withoutJwts(cleanText(text as string))}"`;
}

/** Hides what looks like a JWT in a text of another program. */
export const withoutJwts = (text: string): string => text.replace(/eyJ[\w-]{8,}[\w.-]*/g, '[redacted]');

const codeOf = (cause: unknown): string | undefined =>
  causesOf(cause)
    .map(({ code }) => code)
    .findLast((code) => typeof code === 'string');

async function sendDirectly({ name, url, headers = {} }: Endpoint, signal: AbortSignal): Promise<EndpointResponse> {
  // Loaded on demand: most sources of identity tokens read a file.
  const { Agent, get } = process.getBuiltinModule('node:http');
  return new Promise((resolve, reject) => {
    // With an agent of its own, Node.js ignores the variables of proxies.
    const request = get(url, { headers, agent: new Agent(), signal }, (response) => {
      const { statusCode: status = 0 } = response;
      const field = (key: string): string | null => String(response.headers[key.toLowerCase()] ?? '') || null;
      readText(response, name).then((body) => resolve({ status, headers: { get: field }, body }), reject);
    });
    // Use `on`: a connection that breaks after the response also emits an error.
    request.on('error', reject);
  });
}

async function sendByFetch(endpoint: Endpoint, signal: AbortSignal): Promise<EndpointResponse> {
  const { name, url, headers = {}, fetch = globalThis.fetch } = endpoint;
  return asOwnRequest(url.href, async () => {
    const init = { headers, redirect: 'manual', cache: 'no-store', signal } as RequestInit;
    const response = await fetch(url.href, init);
    return { status: response.status, headers: response.headers, body: await readText(response.body ?? [], name) };
  });
}

async function readText(body: AsyncIterable<Uint8Array> | readonly never[], name: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    // Throwing out of the loop ends the request.
    if (bytes > maxBytes) {
      throw new GrantUnavailableError(`the response of ${name} is longer than ${maxBytes / 1024} KiB`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
