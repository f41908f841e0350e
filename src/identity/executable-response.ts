import { cleanText } from '../core/clean-text.js';
import { ConfigurationError, GrantUnavailableError } from '../core/errors.js';
import { parseObject } from '../core/json.js';
import { withoutJwts } from './endpoint.js';
import { type IssuedToken, secondsToMs } from './identity-token.js';
import type { ExecutableOutput } from './run-executable.js';

const jwtTypes: readonly unknown[] = [
  'urn:ietf:params:oauth:token-type:jwt',
  'urn:ietf:params:oauth:token-type:id_token',
];

/**
 * Reads the output of a program in version 1 of the protocol of AIP-4117.
 * @throws {ConfigurationError} if the program follows another version, or returns another type of token
 * @throws {GrantUnavailableError} if it reports a failure, or does not follow the protocol
 */
export function readExecutableResponse({ stdout, exitCode }: ExecutableOutput): IssuedToken {
  const end = exitCode === null ? 'was ended by a signal' : `ended with the exit code ${exitCode}`;
  const ended = exitCode === 0 ? '' : ` and ${end}`;
  const members = parseObject(stdout);
  if (members === undefined) {
    throw new GrantUnavailableError(`the executable printed no JSON object${ended}: run it by hand to see its output`);
  }
  const { version, success, token_type: type, id_token: token, expiration_time: expiration } = members;
  if (version !== 1) throw new ConfigurationError('the executable must print version 1 of the protocol of AIP-4117');
  if (success === false) {
    const { code = 'no code', message = 'no message' } = members;
    const reported = `the executable reported a failure (${cleanText(String(code))}): "${cleanText(String(message))}"`;
    throw new GrantUnavailableError(withoutJwts(reported));
  }
  if (success !== true) throw new GrantUnavailableError('the executable printed a response without "success"');
  if (exitCode !== 0) throw new GrantUnavailableError(`the executable printed a token${ended}`);
  if (!jwtTypes.includes(type)) {
    throw new ConfigurationError(
      `the executable returned a token of the type "${cleanText(String(type))}"; only ${jwtTypes.join(' and ')} are supported`,
    );
  }
  return { token, expiresAt: secondsToMs(expiration) };
}
