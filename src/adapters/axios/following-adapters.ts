import { type AxiosAdapter, type AxiosRequestConfig, getAdapter } from 'axios';

import { copyForNextSend, type FetchCall, fetchCall, urlOf } from '../fetch/call.js';
import { followRedirects } from '../fetch/redirect.js';

/** Two adapters in place of axios' fetch adapter. */
export interface FollowingAdapters {
  readonly forStreams: AxiosAdapter;
  readonly forOthers: AxiosAdapter;
}

/**
 * Adapters in place of axios' fetch adapter, which follow redirects themselves: a fetch of the caller may take the token to another
 * origin. The `Request` of a response then tells where redirects have led. `env` has the fetch of the caller, if there is one.
 */
export function followingAdapters({ env }: AxiosRequestConfig): FollowingAdapters {
  const following = (isBodyKept: boolean): AxiosAdapter =>
    getAdapter('fetch', { env: { ...env, fetch: followingFetch(env?.fetch, isBodyKept) } });
  // The copy of a stream would be kept in memory, however long it is.
  return { forStreams: following(false), forOthers: following(true) };
}

/** A fetch that follows redirects, and notes them at its `Request` as follow-redirects does. */
function followingFetch(inner: typeof fetch = (...args) => fetch(...args), isBodyKept: boolean): typeof fetch {
  return async (input, given = {}) => {
    const first = fetchCall(input, urlOf(input), given);
    const send = (call: FetchCall): Promise<Response> => {
      const [target, init] = call === first ? [input, given] : [call.input, call.init];
      if (isBodyKept) copyForNextSend(call);
      return inner(target, call.init.redirect === 'follow' ? { ...init, redirect: 'manual' } : init);
    };
    const response = await followRedirects(first, await send(first), send);
    const noted = { _redirectCount: Number(response.redirected), _currentUrl: response.url || undefined };
    if (typeof input === 'object') Object.assign(input, noted);
    return response;
  };
}
