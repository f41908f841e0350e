import type { EventSink, TokenSource } from 'm2m-tokens';

/** A token source that counts the callers that waited for a grant. */
export interface ObservedTokens extends TokenSource {
  readonly waited: number;
}

/** Makes a token source with an event sink, and counts the callers that a grant kept waiting. */
export function observed(create: (onEvent: EventSink) => TokenSource): ObservedTokens {
  let grants = 0;
  let waited = 0;
  const inner = create(({ type }) => {
    if (type === 'grant.succeeded' || type === 'grant.failed') grants += 1;
  });

  return {
    get waited() {
      return waited;
    },
    async getToken(request, options) {
      const before = grants;
      try {
        return await inner.getToken(request, options);
      } finally {
        // A cached token comes before any response of the authorization server is read.
        if (grants !== before) waited += 1;
      }
    },
  };
}
