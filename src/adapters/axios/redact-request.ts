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

/**
 * Takes the token and its proof off a request object itself, for what goes on holding it: Node's `ClientRequest` keeps the text of its
 * header, follow-redirects the headers for the next hop, the Fetch standard's `Request` its headers.
 */
export function redactRequest(request: object): void {
  const sent = request as RequestWithHeaders;
  const outer = sent._redirectable ?? sent;
  for (const each of new Set([sent, outer, outer._currentRequest])) if (each !== undefined) redactHeaders(each);
}

function redactHeaders(sent: RequestWithHeaders): void {
  for (const name of secretHeaders) sent.headers?.delete?.(name);
  if (typeof sent._header === 'string')
    sent._header = sent._header.replace(/^(authorization:|dpop:) .*$/gim, '$1 [redacted]');
  for (const symbol of Object.getOwnPropertySymbols(sent)) {
    if (symbol.description === 'kOutHeaders' || symbol.description === 'sent-headers') forgetSecrets(sent[symbol]);
  }
  forgetSecrets(sent._options?.headers);
}

const secretHeaders = new Set(['authorization', 'dpop']);

interface RequestWithHeaders {
  readonly headers?: { delete?(name: string): void };
  readonly [symbol: symbol]: Record<string, unknown> | null | undefined;
  _header?: unknown;
  readonly _options?: { readonly headers?: Record<string, unknown> };
  readonly _redirectable?: RequestWithHeaders;
  readonly _currentRequest?: RequestWithHeaders;
}

function forgetSecrets(headers: Record<string, unknown> | null | undefined): void {
  for (const name of Object.keys(headers ?? {})) {
    if (secretHeaders.has(name.toLowerCase())) delete headers?.[name];
  }
}
