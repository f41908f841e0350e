import { TokenError } from '../../errors.js';
import type { AuthorizationServer } from '../../grant/authorization-server.js';
import { exitCodes } from '../command-error.js';
import { explainTokenError } from '../report-error.js';
import { authMethods, registeredName } from '../settings/service-options.js';
import { bad, doubtful, type Finding, good } from './finding.js';

type Metadata = Awaited<ReturnType<AuthorizationServer['metadata']>>;

/** What is known of the authorization server. */
export type ServerFacts = Pick<Metadata, 'issuer' | 'token_endpoint' | 'token_endpoint_auth_methods_supported'>;

/** Asks for the metadata; they are `undefined` when there are none that can be used. */
export async function checkMetadata(
  issuer: string,
  ask: () => Promise<ServerFacts>,
): Promise<{ readonly facts?: ServerFacts; readonly findings: Finding[] }> {
  try {
    const facts = await ask();
    return {
      facts,
      findings: [good(`the metadata of ${issuer} say the same issuer, and the token endpoint ${facts.token_endpoint}`)],
    };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const { what, exitCode, advice } = explainTokenError(error);
    const better = error.code === 'ERR_CONFIGURATION' ? 'correct the issuer, or set --token-endpoint instead' : advice;
    return { findings: [bad(what, better, exitCode)] };
  }
}

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
