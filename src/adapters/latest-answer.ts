import type { AccessToken } from '../core/access-token.js';

/**
 * The token that a source gave last. A source that keeps its tokens gives the same promise again and again, and what that one
 * holds needs no wait: each costs a hundredth of a request over loopback.
 */
export class LatestAnswer {
  private promise: Promise<AccessToken> | undefined = undefined;
  private token: AccessToken | undefined = undefined;

  /** What the promise holds, if that is known by now. */
  known(promise: Promise<AccessToken>): AccessToken | undefined {
    return promise === this.promise ? this.token : undefined;
  }

  /** Waits for what the promise holds. */
  async wait(promise: Promise<AccessToken>): Promise<AccessToken> {
    const token = await promise;
    this.promise = promise;
    this.token = token;
    return token;
  }
}
