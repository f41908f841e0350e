import type { TokenEvent } from 'm2m-tokens';

/** An event in a few words. */
export function sentenceFor(event: TokenEvent): string {
  switch (event.type) {
    case 'grant.succeeded':
      return `event ${event.type}: a token for ${event.lifetimeMs / 1_000} s`;
    case 'request.resent':
      return `event ${event.type}: a ${event.method.toUpperCase()}, with another token`;
    case 'renewal.failed':
      return `event ${event.type}: the token is valid for ${(event.remainingMs / 1_000).toFixed(1)} s`;
    default:
      return `event ${event.type}`;
  }
}
