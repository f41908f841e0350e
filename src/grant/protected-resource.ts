import { abortable, withDeadline } from '../core/abort.js';
import { parseChallenges } from '../core/challenges.js';
import { cleanIssuer, cleanList, cleanUrl } from '../core/clean-text.js';
import { ConfigurationError } from '../core/errors.js';
import { hrefOf, httpOrigins, type InsecureUrl } from '../core/insecure-url.js';
import { parseObject } from '../core/json.js';
import { asOwnRequest, parseUrl } from '../core/secure-url.js';
import { discover, type Discovery, followRedirects, missingMetadata } from './discovery.js';
import { isTransientStatus } from './errors/error-response.js';
import { findTokenError, networkError } from './errors/network-error.js';
import { boundedFetch, type BoundedResponse, isSuccess } from './http/bounded-fetch.js';

/** Options of {@link discoverByResource}. */
export interface ProtectedResourceOptions {
  readonly protectedResource: string | InsecureUrl;
  /** The issuers that may receive the credentials. */
  readonly issuers: readonly (string | InsecureUrl)[];
  readonly fetch: typeof globalThis.fetch;
  /** Deadline of each request, in milliseconds. */
  readonly timeoutMs: number;
}

/** The metadata of a protected resource. */
interface ResourceMetadata {
  /** As published: the token request repeats it character by character. */
  readonly resource: string;
  readonly authorizationServers: unknown;
}

/** A URL that may have the metadata, and the resource identifiers that they may name. */
interface Candidate {
  readonly url: string;
  readonly identifiers: readonly string[];
}

/**
 * Finds the authorization server of a protected resource, and the metadata of that server (RFC 9728). The metadata of
 * the resource come from the well-known URL of its path, then from the URL that a 401 of the resource names, then from
 * the well-known URL of its origin. Only an issuer in `issuers` is used, so that the resource cannot choose the receiver
 * of the credentials.
 * @throws {TokenError} if a server cannot be reached, or the metadata are those of another resource or cannot be used
 */
export async function discoverByResource(options: ProtectedResourceOptions): Promise<Discovery> {
  const found = await findMetadata(options);
  if ('missing' in found) return found;
  const { fetch, timeoutMs } = options;
  const issuer = chooseIssuer(found, options);
  const server = await discover(hrefOf(issuer), {
    fetch,
    timeoutMs,
    httpOrigins: httpOrigins([issuer]),
    option: 'protectedResource',
  });
  return 'missing' in server ? server : { ...server, resource: found.resource };
}

type Found = ResourceMetadata | Extract<Discovery, { missing: unknown }>;

async function findMetadata({ protectedResource, fetch, timeoutMs }: ProtectedResourceOptions): Promise<Found> {
  const resource = hrefOf(protectedResource);
  const options = { fetch, timeoutMs, httpOrigins: httpOrigins([protectedResource]) };
  const notFound: BoundedResponse[] = [];
  for await (const { url, identifiers } of candidates(resource, options)) {
    const response = await request(url, options);
    const document = isSuccess(response) ? parseObject(response.body) : undefined;
    const published = document?.['resource'];
    if (typeof published === 'string') {
      if (!identifiers.includes(published)) throw otherResource(published, resource, url);
      return { resource: published, authorizationServers: document?.['authorization_servers'] };
    }
    notFound.push(response);
    // A less specific place must not stand in for one that has an outage.
    if (isTransientStatus(response.status)) break;
  }
  const advice = 'check "protectedResource" or set "issuer" instead';
  return { missing: missingMetadata(notFound, { owner: 'a protected resource', member: 'resource', advice }) };
}

const wellKnown = '/.well-known/oauth-protected-resource';

type RequestOptions = Pick<ProtectedResourceOptions, 'fetch' | 'timeoutMs'> & {
  readonly httpOrigins: readonly string[];
};

// RFC 9728 §3.1: the well-known string stands between the host and the path. §3.3: the metadata name the URL that the
// string was inserted into, or the URL of the request that got the 401.
async function* candidates(resource: string, options: RequestOptions): AsyncGenerator<Candidate> {
  const { origin, pathname, search } = new URL(resource);
  const hasPath = pathname !== '/' || search !== '';
  const ofOrigin = [origin, `${origin}/`];
  const identifiers = hasPath ? [resource] : [resource, ...ofOrigin];
  yield { url: `${origin}${wellKnown}${pathname === '/' ? '' : pathname}${search}`, identifiers };
  const announced = await announcedUrl(resource, options);
  if (announced !== undefined) yield { url: announced, identifiers };
  if (hasPath) yield { url: `${origin}${wellKnown}`, identifiers: [resource, ...ofOrigin] };
}

/**
 * The `resource_metadata` of a 401 to a request without a token (RFC 9728 §5.1). A URL on another origin is ignored: it
 * would let the resource choose any host for a request of this process (RFC 9728 §7.7). A failure is ignored, too.
 */
async function announcedUrl(resource: string, { fetch, timeoutMs }: RequestOptions): Promise<string | undefined> {
  const url = new URL(resource);
  // The URL differs from those of the caller's requests: adapters add no token while it is requested.
  url.search += `${url.search === '' ? '?' : '&'}oauth-protected-resource`;
  let challenges = '';
  const send = async (signal: AbortSignal): Promise<never> => {
    const init = { redirect: 'manual', cache: 'no-store', signal } as RequestInit;
    const response = await abortable(fetch(url.href, init), signal);
    if (response.status === 401) challenges = response.headers.get('www-authenticate') ?? '';
    // Aborts the request: the body may be a stream without end.
    throw new Error('only the headers are read');
  };
  await asOwnRequest(url.href, () => withDeadline(timeoutMs, undefined, send)).catch(() => undefined);
  const named = parseChallenges(challenges).find(({ parameters }) => parameters.has('resource_metadata'));
  const announced = parseUrl(named?.parameters.get('resource_metadata') ?? '');
  return announced?.origin === url.origin ? announced.href : undefined;
}

async function request(url: string, options: RequestOptions): Promise<BoundedResponse> {
  const bounded = boundedFetch(options.fetch, options);
  const init = { method: 'GET', headers: { accept: 'application/json' }, body: null, redirect: 'manual' } as const;
  try {
    await followRedirects(bounded)(url, init);
  } catch (error) {
    const { ignoredProxy } = bounded;
    throw findTokenError(error) ?? networkError(error, { authorizationServer: cleanUrl(url), ignoredProxy });
  }
  return bounded.response as BoundedResponse;
}

function chooseIssuer(
  { resource, authorizationServers }: ResourceMetadata,
  { issuers }: ProtectedResourceOptions,
): string | InsecureUrl {
  const named = Array.isArray(authorizationServers) ? authorizationServers : [];
  for (const each of named) {
    const issuer = issuers.find((trusted) => hrefOf(trusted) === each);
    if (issuer !== undefined) return issuer;
  }
  const owner = `the metadata of the protected resource ${cleanIssuer(resource)}`;
  throw new ConfigurationError(
    named.length === 0
      ? `${owner} name no authorization server; set "issuer" instead of "protectedResource"`
      : `${owner} name the authorization server "${cleanList(named.map((each) => cleanIssuer(String(each))))}", which is not in ` +
          '"issuers", so it gets no credentials; if you trust it, add it to "issuers" as it is written in the metadata',
  );
}

function otherResource(found: string, resource: string, url: string): ConfigurationError {
  const differsInSlash = found.replace(/\/$/, '') === resource.replace(/\/$/, '');
  return new ConfigurationError(
    `"protectedResource" is "${cleanIssuer(resource)}", but the metadata at ${cleanUrl(url)} are those of ` +
      `"${cleanIssuer(found)}"` +
      (differsInSlash
        ? '; they differ only in the trailing slash: write it as the resource does'
        : ' (RFC 9728 §3.3), so they are not used; set "protectedResource" to the identifier of the API'),
  );
}
