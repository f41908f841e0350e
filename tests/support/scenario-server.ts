import type { Clock } from '../../src/core/clock.js';
import type { ScenarioClock } from './scenario-clock.js';
import { parseDuration } from './scenario-duration.js';
import type { Deed, Duration } from './scenario-format.js';

/** An authorization server as a `fetch` function, with simulated time. */
export interface ScenarioServer {
  readonly fetch: typeof globalThis.fetch;
  /** The bodies of the token requests so far. */
  readonly posts: readonly URLSearchParams[];
  /** Changes the behaviour from now on or, with `times`, for that number of requests. */
  does(deed: Deed): void;
}

/**
 * Makes a server that begins with the behaviour `deed`. Its tokens are `token-1`, `token-2` and so on; `name` replaces
 * `token`.
 */
export function scenarioServer(clock: ScenarioClock, deed: Deed, name = 'token'): ScenarioServer {
  const posts: URLSearchParams[] = [];
  const startedAt = clock.now();
  let lasting = deed;
  let passing: Deed[] = [];
  let granted = 0;

  return {
    posts,
    does(next) {
      if (next.times === undefined) [lasting, passing] = [next, []];
      else passing.push(...Array.from({ length: next.times }, () => next));
    },
    async fetch(_url, init) {
      const post = new URLSearchParams(String(init?.body as URLSearchParams));
      posts.push(post);
      const current = passing.shift() ?? lasting;
      await sleep(current.latency, clock, init?.signal ?? undefined);
      if (current.server === 'fails') throw networkFailure(current.code ?? 'ECONNRESET');
      // A change of the client's wall clock does not change the clock of the server.
      return answer(current, { secret: secretOf(init), post }, startedAt + clock.elapsedMs());
    },
  };

  function answer(current: Deed, { secret, post }: Received, now: number): Response {
    if (current.server === 'responds') return reply(current, current.body ?? '', now);
    const { error = 'invalid_client', status = error === 'invalid_client' ? 401 : 400 } = current;
    const isRejected = current.server === 'rejects' || (current.secret !== undefined && current.secret !== secret);
    if (isRejected) return reply({ ...current, status }, { error, error_description: 'no' }, now);

    granted += 1;
    const expiresIn = 'expiresIn' in current ? current.expiresIn : ms(current.lifetime ?? '1h') / 1_000;
    // Like many servers, this one names the scope even if it is the requested one.
    const { token = `${name}-${granted}`, scope = post.get('scope') ?? undefined } = current;
    // null leaves the member out.
    const lifetime = expiresIn === null ? {} : { expires_in: expiresIn };
    return reply({ server: 'grants' }, { access_token: token, token_type: 'Bearer', scope, ...lifetime }, now);
  }
}

interface Received {
  readonly secret: string;
  readonly post: URLSearchParams;
}

function reply({ status = 200, retryAfter, retryAfterDate, contentType }: Deed, body: unknown, now: number): Response {
  const isText = typeof body === 'string';
  const headers = new Headers({ 'content-type': contentType ?? (isText ? 'text/html' : 'application/json') });
  if (retryAfter !== undefined) headers.set('retry-after', String(ms(retryAfter) / 1_000));
  if (retryAfterDate !== undefined) headers.set('retry-after', new Date(now + ms(retryAfterDate)).toUTCString());
  return new Response(isText ? body : JSON.stringify(body), { status, headers });
}

const ms = (duration: Duration): number => parseDuration(duration) as number;

async function sleep(latency: Duration | undefined, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  if (latency !== undefined && ms(latency) > 0) await clock.sleep(ms(latency), signal);
}

function secretOf(init: RequestInit | undefined): string {
  const authorization = new Headers(init?.headers).get('authorization') ?? '';
  const [, secret = ''] = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString('utf8').split(':');
  return secret;
}

const networkFailure = (code: string): TypeError =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
