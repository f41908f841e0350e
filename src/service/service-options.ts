import { unreadable } from '../authentication/secret.js';
import { abortable, DeadlineError, withDeadline } from '../core/abort.js';
import { cleanText } from '../core/clean-text.js';
import { GrantUnavailableError } from '../core/errors.js';
import type { TokenServiceOptions } from './options.js';

/** Returns the options of the token service of one name. */
export type OptionsOf = (name: string) => TokenServiceOptions | Promise<TokenServiceOptions>;

/**
 * Makes a function that calls `optionsOf` and waits for its result for `timeoutMs` at most.
 * @throws {ConfigurationError} if `optionsOf` throws one
 * @throws {GrantUnavailableError} if it throws anything else, or takes too long
 */
export function serviceOptions(
  optionsOf: OptionsOf,
  timeoutMs: number,
): (name: string) => Promise<TokenServiceOptions> {
  return async (name) => {
    const what = `the options of the token service "${cleanText(name)}"`;
    try {
      return await withDeadline(timeoutMs, undefined, (signal) => abortable((async () => optionsOf(name))(), signal));
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw unreadable(what, error);
      throw new GrantUnavailableError(`${what} could not be read: "optionsOf" took longer than ${timeoutMs} ms`);
    }
  };
}
