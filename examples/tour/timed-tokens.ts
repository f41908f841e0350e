import type { TokenSource } from 'm2m-tokens';

/** A token source that measures how long its callers wait. */
export interface TimedTokens extends TokenSource {
  /** May be set back to 0. */
  longestWaitMs: number;
}

/** Wraps a token source, as any can be wrapped. */
export function timed(inner: TokenSource): TimedTokens {
  const tokens: TimedTokens = {
    longestWaitMs: 0,
    async getToken(request, options) {
      const start = performance.now();
      try {
        return await inner.getToken(request, options);
      } finally {
        tokens.longestWaitMs = Math.max(tokens.longestWaitMs, performance.now() - start);
      }
    },
  };
  return tokens;
}
