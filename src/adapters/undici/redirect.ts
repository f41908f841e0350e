/**
 * Remembers the first result of `valueOf` for a request that undici's redirect interceptor sends again to another URL:
 * the URL may be one of another tenant. Other requests get a new result.
 */
export function keptInRedirects<Outgoing, Value>(
  valueOf: (outgoing: Outgoing) => Value,
): (handler: object, outgoing: Outgoing) => Value {
  const values = new WeakMap<object, Value>();

  return (handler, outgoing) => {
    const redirects = redirectHandlerIn(handler);
    if (redirects === undefined) return valueOf(outgoing);
    const value = values.get(redirects) ?? valueOf(outgoing);
    values.set(redirects, value);
    return value;
  };
}

/**
 * The handler of undici's redirect interceptor, which it makes for each request. It has the list of the URLs so far. Another
 * interceptor of undici may have wrapped it.
 */
function redirectHandlerIn(handler: object): object | undefined {
  let each: unknown = handler;
  while (typeof each === 'object' && each !== null) {
    const { history, handler: inner } = each as { readonly history?: unknown; readonly handler?: unknown };
    // A handler of the user, which may serve several requests, may have a history too.
    if (Array.isArray(history) && 'maxRedirections' in each && 'dispatch' in each) return each;
    each = inner;
  }
  return undefined;
}
