import { exitCodes } from '../exit-codes.js';
import { authMethods, registeredName } from '../settings/auth-methods.js';
import type { ServerFacts } from './check-metadata.js';
import { bad, doubtful, type Finding, good } from './finding.js';

/** The methods that the server says it supports against the one that is used; nothing without metadata. */
export function checkAuthMethod(
  { token_endpoint_auth_methods_supported: supported }: ServerFacts,
  configured: string | undefined,
): Finding[] {
  if (supported === undefined) return [];
  const list = supported.join(', ') || 'none';
  const usable = Object.keys(authMethods).filter((name) => supported.includes(name));
  if (configured === undefined) {
    return usable.length > 0
      ? [good(`the server supports ${list}: ${usable[0]} is used`)]
      : [bad(`the server supports ${list}, and takes no secret`, 'use one of these in a program', exitCodes.usage)];
  }
  if (supported.includes(registeredName(configured)))
    return [good(`the server supports ${list}: ${configured} is used`)];
  const advice = usable.length > 0 ? `set --auth-method ${usable[0]}, or leave it out` : 'this server takes no secret';
  return [doubtful(`${configured} is used, but the server supports ${list}`, advice)];
}
