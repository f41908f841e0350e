import { type AxiosAdapter, type AxiosRequestConfig, getAdapter } from 'axios';

import { copyForNextSend, type FetchCall, fetchCall, urlOf } from '../fetch/call.js';
import { followRedirects } from '../fetch/redirect.js';

/** Two adapters in place of axios' fetch adapter. */
export interface FollowingAdapters {
  readonly forStreams: AxiosAdapter;
  readonly forOthers: AxiosAdapter;
}

/**
 * Makes adapters that replace axios' fetch adapter and follow redirects themselves, because a custom `fetch` may send
 * the token to another origin. The `Request` of a response then holds the final URL. `env` holds the custom `fetch`, if
 * there is one.
 */
export function followingAdapters({ env }: AxiosRequestConfig): FollowingAdapters {
  const following = (isBodyKept: boolean): AxiosAdapter =>
    getAdapter('fetch', { env: { ...env, fetch: followingFetch(env?.fetch, isBodyKept) } });
  // Streams are not copied, because the copy would be held in memory completely.
  return { forStreams: following(false), forOthers: following(true) };
}

/** A `fetch` that follows redirects, and records them on its `Request` as follow-redirects does. */
function followingFetch(inner: typeof fetch = (...args) => fetch(...args), isBodyKept: boolean): typeof fetch {
  return async (input, given = {}) => {
    const first = fetchCall(input, urlOf(input), given);
    const send = (call: FetchCall): Promise<Response> => {
      const [target, init] = call === first ? [input, given] : [call.input, call.init];
      if (isBodyKept) copyForNextSend(call);
      return inner(target, call.init.redirect === 'follow' ? { ...init, redirect: 'manual' } : init);
    };
    const response = await followRedirects(first, await send(first), send);
    const redirectInfo = { _redirectCount: Number(response.redirected), _currentUrl: response.url || undefined };
    if (typeof input === 'object') Object.assign(input, redirectInfo);
    return response;
  };
}
