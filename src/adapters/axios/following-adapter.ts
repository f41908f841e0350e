import { type AxiosAdapter, type AxiosRequestConfig, getAdapter, type InternalAxiosRequestConfig } from 'axios';

import { isStream } from '../body.js';
import { copyForNextSend, fetchCall } from '../fetch/call.js';
import { followRedirects } from '../fetch/redirect.js';

/**
 * The adapter, or in place of axios' fetch adapter one that follows redirects itself: a fetch of the caller may take the token to
 * another origin. The `Request` of a response then tells where redirects have led.
 */
export function followingAdapter(adapter: AxiosAdapter, config: InternalAxiosRequestConfig): AxiosAdapter {
  let known = knownAdapters.get(adapter);
  if (known === undefined) {
    const made: AxiosRequestConfig | undefined = [config, {}].find((each) => adapter === getAdapter('fetch', each));
    const following = (isBodyKept: boolean): AxiosAdapter =>
      made
        ? getAdapter('fetch', { env: { ...made.env, fetch: followingFetch(made.env?.fetch, isBodyKept) } })
        : adapter;
    known = { forStreams: following(false), forOthers: following(true) };
    knownAdapters.set(adapter, known);
  }
  // The copy of a stream would be kept in memory, however long it is.
  return isStream(config.data) ? known.forStreams : known.forOthers;
}

// axios keeps each adapter that it makes: let it make two of ours for one of the caller's.
const knownAdapters = new WeakMap<
  AxiosAdapter,
  { readonly forStreams: AxiosAdapter; readonly forOthers: AxiosAdapter }
>();

/** A fetch that follows redirects, and notes them at its `Request` as follow-redirects does. */
function followingFetch(inner: typeof fetch = (...args) => fetch(...args), isBodyKept: boolean): typeof fetch {
  return async (input, given = {}) => {
    const first = fetchCall(input, given);
    const response = await followRedirects(first, (call) => {
      const [target, init] = call === first ? [input, given] : [call.input, call.init];
      if (isBodyKept) copyForNextSend(call);
      return inner(target, call.init.redirect === 'follow' ? { ...init, redirect: 'manual' } : init);
    });
    const noted = { _redirectCount: Number(response.redirected), _currentUrl: response.url || undefined };
    if (typeof input === 'object') Object.assign(input, noted);
    return response;
  };
}
