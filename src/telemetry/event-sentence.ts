import type { TokenEvent } from '../core/events.js';
import { errorMessage } from './logged-error.js';

type Event<Type extends TokenEvent['type']> = Extract<TokenEvent, { readonly type: Type }>;

/** An event as a sentence for people. */
export function eventSentence(event: TokenEvent): string {
  switch (event.type) {
    case 'grant.succeeded':
      return `${event.authorizationServer} granted "${event.clientId ?? event.service}" a token for ${seconds(event.lifetimeMs)}`;
    case 'grant.failed':
      return `${attempt(event)} failed${event.attempt === undefined ? ' before it was sent' : ''}: ${errorMessage(event.error)}`;
    case 'grant.retry_scheduled':
      return `${attempt(event)} failed; the next one follows in ${seconds(event.retryAfterMs)}`;
    case 'grant.suppressed':
      return `no grant was sent, because ${suppression[event.suppression]}; the next one follows in ${seconds(event.retryAfterMs)} at the ${event.suppression === 'lease' ? 'latest' : 'earliest'}`;
    case 'credential.reread':
      return `the ${credential[event.credential]} was rotated; grants use the new one${expiry(event)}`;
    case 'token.awaited':
      return `a caller waited ${seconds(event.durationMs)} for a token from ${source[event.source]}`;
    case 'token.unavailable':
      return `a caller got no token${nextCall(event)}: ${errorMessage(event.error)}`;
    case 'renewal.failed':
      return `a token could not be renewed${validity(event)}, next attempt ${nextAttempt(event)}: ${errorMessage(event.error)}`;
    case 'renewal.recovered':
      return `a grant succeeded after ${times(event.failures, 'failure')} in ${seconds(event.failedForMs)}`;
    case 'token.expired_on_arrival':
      return 'a token had expired on arrival and is not cached; check its lifetime and the clocks of both machines';
    case 'token.lifetime_capped':
      return `the token lifetime of ${event.announcedSeconds} s counts as unlimited; the token is renewed after 24 hours at the latest`;
    case 'token.evicted':
      return 'the least recently used token was dropped; "cache.maxTokens" is lower than the number of different token requests';
    case 'store.called':
      return `${event.operation} of the shared store ${event.failure === undefined ? 'succeeded' : `failed (${event.failure})`} after ${seconds(event.durationMs)}`;
    case 'store.failed':
      return `the shared store failed (${event.operation}: ${event.failure}); tokens are not shared, next attempt in ${seconds(event.retryAfterMs)}`;
    case 'store.recovered':
      return `the shared store works again after ${seconds(event.failedForMs)}; tokens are shared`;
    case 'revocation.failed':
      return `tokens that could not be revoked: ${event.tokens}; ${event.error.message}`;
    case 'request.resent':
      return event.reason === 'dpop nonce'
        ? `${event.origin} asked for a DPoP nonce; resending a ${event.method.toUpperCase()} with it`
        : `${event.origin} rejected the token of a ${event.method.toUpperCase()}; resending with another token`;
    case 'request.not_resent':
      return `${event.origin} did not accept the token or DPoP proof of a ${event.method.toUpperCase()}; not resent (${event.reason})`;
    case 'http.allowed':
      return `dangerouslyAllowHttp allows http to ${event.origins.join(', ')}: without a service mesh that encrypts, secrets and tokens can be read in transit`;
  }
}

const attempt = ({ attempt: number }: Event<'grant.failed' | 'grant.retry_scheduled'>): string =>
  number === undefined ? 'an attempt of a grant' : `attempt ${number} of a grant`;

const suppression = {
  backoff: 'the last one failed',
  retry_after: 'the authorization server asked for a pause',
  lease: 'another replica sends one',
} as const satisfies Record<Event<'grant.suppressed'>['suppression'], string>;

const credential = {
  certificate: 'client certificate',
  assertion: 'client assertion',
  secret: 'client secret',
  key: 'private key',
} as const satisfies Record<Event<'credential.reread'>['credential'], string>;

const source = {
  grant: 'a grant',
  shared_store: 'the shared store',
  joined: 'the grant of another caller',
} as const satisfies Record<Event<'token.awaited'>['source'], string>;

function expiry({ expiresAt }: Event<'credential.reread'>): string {
  const date = new Date(expiresAt ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? '' : `, which expires at ${date.toISOString()}`;
}

const nextCall = ({ retryAfterMs }: Event<'token.unavailable'>): string =>
  retryAfterMs === undefined ? '' : `; a call can succeed in ${seconds(retryAfterMs)} at the earliest`;

const validity = ({ remainingMs }: Event<'renewal.failed'>): string =>
  remainingMs > 0 ? `; it remains valid for ${seconds(remainingMs)}` : ' and has expired';

const nextAttempt = ({ retryAfterMs }: Event<'renewal.failed'>): string =>
  retryAfterMs > 0 ? `in ${seconds(retryAfterMs)} at the earliest` : 'with the next call';

const times = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;
