import type { TokenSource } from 'm2m-tokens';

/** A token source that measures the waiting times of its callers. */
export interface TimedTokens extends TokenSource {
  /** May be set back to 0. */
  longestWaitMs: number;
}

/** Wraps a token source. */
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
