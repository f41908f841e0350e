import { isAbsolute } from 'node:path';

import { type Check, checkArgument, durationMs, objectOfStrings } from '../core/check-options.js';
import { readExecutableResponse } from './executable-response.js';
import {
  checkSourceOptions,
  type IdentitySourceOptions,
  type IdentityTokenSource,
  identityTokenSource,
} from './identity-token-source.js';
import { runExecutable } from './run-executable.js';

/** Options of {@link executable}. */
export interface ExecutableOptions extends IdentitySourceOptions {
  /** The absolute path of the program, and its arguments. No shell reads them. */
  readonly command: readonly string[];
  /** Variables for the program, in addition to those of this process. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Then the program and its child processes are killed, in milliseconds. @default 30000 */
  readonly timeoutMs?: number | undefined;
}

/**
 * A token from a program that follows version 1 of the protocol of AIP-4117: it prints a JSON object with `version`,
 * `success`, `token_type` (`urn:ietf:params:oauth:token-type:jwt` or `…:id_token`), `id_token` and `expiration_time`. It
 * receives `GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE` (the option `audience`) and `GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE`.
 *
 * At most 128 KiB of its output are read, its error output is ignored. A SAML response and an output file are not
 * supported.
 * @throws {ConfigurationError} if an option is missing, unknown or malformed
 * @see [AIP-4117](https://google.aip.dev/auth/4117#determining-the-subject-token-in-executable-sourced-credentials)
 * @example
 * ```ts
 * import { federatedAssertion } from 'm2m-tokens';
 * import { executable } from 'm2m-tokens/identity';
 *
 * const identity = executable({ command: ['/usr/local/bin/identity-token', '--for', 'orders'] });
 * const clientAuthentication = federatedAssertion(identity);
 * ```
 */
export function executable(options: ExecutableOptions): IdentityTokenSource {
  const checks = { command: absoluteCommand, environment: objectOfStrings, timeoutMs: durationMs };
  checkSourceOptions('executable', options, checks);
  checkArgument('executable', 'command', options.command, absoluteCommand);
  const { command, audience, timeoutMs = 30_000 } = options;
  const environment = {
    ...(audience !== undefined && { GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE: audience }),
    GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE: 'urn:ietf:params:oauth:token-type:jwt',
    ...options.environment,
  };
  const issue = async () => readExecutableResponse(await runExecutable({ command, environment, timeoutMs }));
  return identityTokenSource({ name: 'the executable', issue }, options);
}

const absoluteCommand: Check = (value) =>
  Array.isArray(value) &&
  value.every((part) => typeof part === 'string' && !part.includes('\0')) &&
  isAbsolute(String(value[0]))
    ? undefined
    : 'a list of strings that begins with the absolute path of a program';
