import type { authorizationServer } from '../../grant/authorization-server.js';
import { TokenError } from '../../errors.js';
import { explainTokenError } from '../report-error.js';
import { bad, type Finding, good } from './finding.js';

type Metadata = Awaited<ReturnType<ReturnType<typeof authorizationServer>['metadata']>>;

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
