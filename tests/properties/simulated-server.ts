import type { VirtualTime } from './virtual-time.js';

/** A response of the authorization server. */
export type Answer =
  | { readonly kind: 'token'; readonly lifetimeSeconds: number; readonly sameAgain: boolean }
  | { readonly kind: 'refusal'; readonly error: string; readonly status: number }
  | { readonly kind: 'outage'; readonly status: number; readonly retryAfterSeconds: number | undefined }
  | { readonly kind: 'html' }
  | { readonly kind: 'no connection'; readonly code: string };

/** One request to the token endpoint. */
export interface Post {
  readonly scope: string;
  readonly secret: string;
  readonly wall: number;
  readonly monotonic: number;
  /** The response; `undefined` while it is pending. */
  answer?: Answer;
  /** The token that was granted. */
  value?: string;
  lifetimeMs?: number;
}

/** The observer of token requests and their responses. */
export interface Watcher {
  posted(post: Post): void;
  answered(post: Post): void;
}

/** An authorization server in this process, with virtual latency. */
export interface SimulatedServer {
  readonly fetch: typeof globalThis.fetch;
  answer: Answer;
  latencyMs: number;
  /** The secret that the server accepts. */
  secret: string;
}

/** A server that at first grants tokens for a minute. */
export function simulatedServer(time: VirtualTime, watcher: Watcher): SimulatedServer {
  const granted = new Map<string, { readonly value: string; readonly until: number }>();
  let count = 0;

  /** A token and its lifetime. With `sameAgain`, grants the last token again, with its remaining lifetime. */
  function grant(scope: string, { lifetimeSeconds, sameAgain }: Extract<Answer, { kind: 'token' }>) {
    const now = time.clock.monotonic();
    const last = granted.get(scope);
    const leftSeconds = last === undefined ? 0 : Math.floor((last.until - now) / 1_000);
    if (sameAgain && last !== undefined && leftSeconds > 0) return { value: last.value, seconds: leftSeconds };
    const value = `${scope}-${(count += 1)}`;
    granted.set(scope, { value, until: now + lifetimeSeconds * 1_000 });
    return { value, seconds: lifetimeSeconds };
  }

  const server: SimulatedServer = {
    answer: { kind: 'token', lifetimeSeconds: 60, sameAgain: false },
    latencyMs: 20,
    secret: 'secret-0',
    async fetch(_url, init) {
      const body = new URLSearchParams(init?.body as URLSearchParams);
      const credentials = new Headers(init?.headers).get('authorization')?.split(' ')[1] ?? '';
      const post: Post = {
        scope: body.get('scope') ?? '',
        secret: Buffer.from(credentials, 'base64').toString().split(':')[1] ?? '',
        wall: time.clock.now(),
        monotonic: time.clock.monotonic(),
      };
      const { answer } = server;
      watcher.posted(post);
      await time.clock.sleep(server.latencyMs);
      post.answer = post.secret === server.secret ? answer : { kind: 'refusal', error: 'invalid_client', status: 401 };
      const response = respond(post, post.answer);
      watcher.answered(post);
      return response();
    },
  };

  function respond(post: Post, answer: Answer): () => Response {
    switch (answer.kind) {
      case 'token': {
        const { value, seconds } = grant(post.scope, answer);
        post.value = value;
        post.lifetimeMs = seconds * 1_000;
        return () => json(200, { access_token: value, token_type: 'Bearer', expires_in: seconds, scope: post.scope });
      }
      case 'refusal':
        return () => json(answer.status, { error: answer.error });
      case 'outage': {
        const { status, retryAfterSeconds } = answer;
        const headers = retryAfterSeconds === undefined ? undefined : { 'retry-after': String(retryAfterSeconds) };
        return () => new Response('busy', { status, ...(headers && { headers }) });
      }
      case 'html':
        return () => new Response('<h1>Sign in</h1>', { headers: { 'content-type': 'text/html' } });
      case 'no connection':
        return () => {
          const cause = Object.assign(new Error('socket'), { code: answer.code });
          throw Object.assign(new TypeError('fetch failed'), { cause });
        };
    }
  }

  return server;
}

const json = (status: number, body: object): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
