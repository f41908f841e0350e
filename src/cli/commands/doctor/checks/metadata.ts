import { TokenError } from '../../../../core/errors.js';
import type { AuthorizationServer } from '../../../../grant/authorization-server.js';
import { exitCodes } from '../../../io/command-error.js';
import { explainTokenError } from '../../../io/report-error.js';
import { authMethods, registeredName } from '../../../settings/auth-methods.js';
import { settingTable } from '../../../settings/definitions.js';
import { bad, doubtful, type Finding, good } from '../finding.js';

type Metadata = Awaited<ReturnType<AuthorizationServer['metadata']>>;

/** What is known of the authorization server. */
export type ServerFacts = Pick<
  Metadata,
  'issuer' | 'token_endpoint' | 'token_endpoint_auth_methods_supported' | 'mtls_endpoint_aliases'
>;

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
  const list = `the server supports ${supported.join(', ') || 'none'}`;
  const used = configured ?? bySecret.find((name) => supported.includes(name));
  if (used !== undefined && supported.includes(registeredName(used))) return [good(`${list}: ${used} is used`)];

  const possible = supported.filter((name) => Object.hasOwn(authMethods, name));
  const ways = possible.map((name) => `${name} (with ${flagsFor(name)})`);
  const advice = ways.length > 0 ? `set --auth-method ${ways.join(' or ')}` : 'none of these is known here';
  return used === undefined
    ? [bad(`${list}, and does not take the secret itself`, advice, exitCodes.usage)]
    : [doubtful(`${used} is used, but ${list}`, advice)];
}

// How a secret is sent when nothing is configured.
const bySecret = ['client_secret_basic', 'client_secret_post'];

function flagsFor(method: string): string {
  const { needs = [] } = authMethods[method] ?? {};
  return needs
    .map((each) => (each === 'secret' ? 'the secret' : settingTable[`${each}File`].flag?.split(' ')[0]))
    .join(' and ');
}
