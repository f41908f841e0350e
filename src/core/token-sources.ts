import { checkArgument, nonEmptyString } from './check-options.js';
import type { TokenEvent } from './events.js';
import type { TokenSource } from './token-source.js';

/** Token sources with a name each, such as the token services of `createTokenServices`. */
export interface TokenSources {
  /**
   * The token source of one name. It returns at once.
   * @throws {ConfigurationError} if the name is not a non-empty string
   */
  of(name: string): TokenSource;
  /** Receives an event of an adapter that belongs to no name. Returns the event. */
  report?(event: TokenEvent): TokenEvent;
}

/** @throws {ConfigurationError} if the name is not a non-empty string; the message does not repeat it */
export function checkName(owner: string, name: unknown): asserts name is string {
  checkArgument(owner, 'name', name, nonEmptyString);
}
