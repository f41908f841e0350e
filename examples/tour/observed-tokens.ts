import type { EventSink, TokenSource } from 'm2m-tokens';

/** A token source that counts the callers that waited for a grant. */
export interface ObservedTokens extends TokenSource {
  readonly waited: number;
}

/** Creates a token source with an event sink that counts the callers that waited for a grant. */
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
        // A cached token is returned before a grant can end, so the count is unchanged.
        if (grants !== before) waited += 1;
      }
    },
    // Passes on the events of the axios instance.
    report: (event) => inner.report?.(event) ?? event,
  };
}
