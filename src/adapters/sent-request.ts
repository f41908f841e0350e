/** What remains of a request object after it was sent: enough to say what was asked of whom, and none of its headers. */
export interface SentRequest {
  readonly method: string | undefined;
  readonly protocol: string | undefined;
  readonly host: string | undefined;
  readonly path: string | undefined;
  /** As on Node's `ClientRequest`: `responseUrl` is where redirects have led. */
  readonly res: { readonly responseUrl: string | undefined };
}

/** The part of Node's `ClientRequest`, of follow-redirects' request and of the Fetch standard's `Request` that is read. */
interface AnyRequest {
  readonly method?: string;
  readonly protocol?: string;
  readonly host?: string;
  readonly path?: string;
  readonly url?: string;
  readonly res?: { readonly responseUrl?: string };
  readonly _currentUrl?: string;
  readonly _currentRequest?: AnyRequest;
}

/**
 * The facts of a request without its headers: the object itself, its socket and its agent hold the token in clear, also
 * those of other requests that are under way.
 */
export function sentRequest(request: object): SentRequest {
  const sent: AnyRequest = request;
  const { method, protocol, host, path } = sent._currentRequest ?? sent;
  return { method, protocol, host, path, res: { responseUrl: sent.res?.responseUrl ?? sent._currentUrl ?? sent.url } };
}
