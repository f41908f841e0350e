import { checkArgument, nonEmptyString } from '../core/check-options.js';
import type { TokenEvent } from '../core/events.js';
import type { GuardedTokenSource, TokenSource } from '../core/token-source.js';
import type { TokenSources } from '../core/token-sources.js';
import type { SendOptions } from './send-authorized.js';

/** Options of {@link sendOptionsByService}. */
export interface ByServiceOptions<Outgoing extends readonly unknown[]> extends Pick<SendOptions, 'resend' | 'proofs'> {
  /** The name of the adapter, for messages. */
  readonly owner: string;
  readonly services: TokenSources;
  /** The option `serviceOf` of the adapter. */
  readonly serviceOf: (...outgoing: Outgoing) => unknown;
  /** The checks of the adapter. */
  readonly guarded: GuardedTokenSource;
  /** Passes an event to a token source and to the option `onEvent`. */
  readonly emitTo: (tokens: Pick<TokenSource, 'report'>, event: TokenEvent) => void;
}

/**
 * Makes a function that selects the token source of a request by its name. All of the request uses that source: the
 * token, its replacement after a 401, and the events.
 * @throws {ConfigurationError} if the name is not a non-empty string
 */
export function sendOptionsByService<Outgoing extends readonly unknown[]>(
  options: ByServiceOptions<Outgoing>,
): (...outgoing: Outgoing) => SendOptions {
  const { owner, services, serviceOf, guarded, emitTo, resend, proofs } = options;

  return (...outgoing) => {
    const name: unknown = serviceOf(...outgoing);
    // A promise is an error already: its rejection must not end the process as well.
    if (typeof name === 'object') Promise.resolve(name).catch(() => undefined);
    checkArgument(owner, 'the result of serviceOf', name, nonEmptyString);
    const tokens = services.of(name as string);
    return { resend, proofs, emit: (event) => emitTo(tokens, event), source: guarded.with(tokens) };
  };
}
