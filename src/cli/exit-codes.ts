import {
  ConfigurationError,
  GrantRejectedError,
  GrantUnavailableError,
  InvalidTokenResponseError,
  type TokenError,
} from '../errors.js';

/** How the command ends, for scripts. Never renumbered. */
export const exitCodes = {
  ok: 0,
  /** A defect of the command itself. */
  defect: 1,
  usage: 2,
  refusedByServer: 3,
  serverUnreachable: 4,
  refusedByApi: 5,
  apiUnreachable: 6,
  interrupted: 130,
} as const;

/** What the exit codes mean, for the help. */
export const exitCodesText = `Exit codes:
  0    success
  1    a defect of this command
  2    wrong usage, or a missing or contradicting setting
  3    the authorization server refused
  4    the authorization server could not be reached, or gave no answer that is of use
  5    the API refused: call --fail, doctor
  6    the API could not be reached
  130  interrupted (143 for SIGTERM)
  exec ends with the exit code of its command.`;

/** The exit code for an error of the library. */
export function exitCodeOf(error: TokenError): number {
  if (error instanceof ConfigurationError) return exitCodes.usage;
  if (error instanceof GrantRejectedError) return exitCodes.refusedByServer;
  if (error instanceof GrantUnavailableError || error instanceof InvalidTokenResponseError) {
    return exitCodes.serverUnreachable;
  }
  return exitCodes.defect;
}
