import { cleanText } from '../core/clean-text.js';
import { causesOf, toErrorLike } from '../core/error-causes.js';
import { type AnyTokenError, isTokenError } from '../core/errors.js';

/**
 * The facts of an error, for a log. A {@link TokenError} has no stack, because it reports a state of the authorization
 * server and not a place in the code. Another error comes from code of the user: it keeps its stack, but not its own
 * members, which may hold a request.
 */
export function loggedError(error: unknown): object {
  const facts = { ...(isTokenError(error) ? factsOf(error) : otherFactsOf(error)), causes: codesOfCauses(error) };
  const known = Object.entries(facts).filter(([, value]) => value !== undefined);
  // pino adds a stack, if only an empty one, to an object with a message. It does not do so to the result of `toJSON`.
  const withoutMessage = Object.fromEntries(known.filter(([name]) => name !== 'message'));
  return Object.defineProperty(withoutMessage, 'toJSON', { value: () => Object.fromEntries(known) });
}

/** The message of a thrown value. That of a user's error is cut to 300 characters. */
export function errorMessage(error: unknown): string {
  if (isTokenError(error)) return error.message;
  return cleanText(typeof error === 'object' && error !== null ? toErrorLike(error).message : String(error));
}

function factsOf(error: AnyTokenError): object {
  const { name: type, message, code, retryAfterMs } = error;
  const status = 'status' in error ? error.status : undefined;
  return { type, message, code, status, error: 'error' in error ? error.error : undefined, retryAfterMs };
}

function otherFactsOf(error: unknown): object {
  const { name, code } = toErrorLike(error);
  const { constructor, stack } = Object(error) as Partial<Error>;
  // A subclass of Error often has no name of its own.
  const type = name === 'Error' ? (constructor?.name ?? name) : name;
  return { type, message: errorMessage(error), code, stack: placesIn(stack) };
}

/** The lines of a stack that name places in the code. The first lines repeat the message, which may hold a secret. */
function placesIn(stack: unknown): string | undefined {
  const places = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : [];
  return places.length === 0 ? undefined : places.join('\n');
}

function codesOfCauses(error: unknown): string[] | undefined {
  const [, ...causes] = causesOf(error);
  const codes = causes.map(({ code }) => code).filter((code) => typeof code === 'string');
  return codes.length === 0 ? undefined : codes;
}
