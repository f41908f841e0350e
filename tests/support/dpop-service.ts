import { dpop } from '../../src/grant/dpop.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { startSurroundings, type Surroundings } from './adapter-service.js';
import { granted, refused } from './authorization-server.js';
import { verifyProof, type VerifiedProof } from './dpop-proof.js';
import type { Answer, RecordedRequest } from './http-server.js';
import { rejected, type ScriptedResourceServer } from './resource-server.js';

/** A server that verifies proofs. */
export interface ProofCheck {
  /** The valid proofs so far, in their order. */
  readonly proofs: readonly VerifiedProof[];
  /** Requires this nonce in each proof. */
  require(nonce: string): void;
  /** Sends this nonce with each response, without requiring it. */
  offer(nonce: string): void;
}

/** Servers and a token service for DPoP tokens. Both servers verify and record proofs, and can require nonces. */
export interface DpopSurroundings extends Surroundings {
  readonly api: ScriptedResourceServer & {
    /** Sets the response to the next request. */
    answerOnce(answer: Answer): void;
  };
  readonly atTokenEndpoint: ProofCheck;
  readonly atApi: ProofCheck;
}

/**
 * Starts an authorization server whose tokens are constrained to the key of the proof, and an API that requires that
 * key.
 */
export async function startDpopSurroundings(options: Partial<TokenServiceOptions> = {}): Promise<DpopSurroundings> {
  const surroundings = await startSurroundings({ dpop: dpop(), ...options });
  const { authorizationServer, api } = surroundings;
  const bindings = new Map<string, string>();
  const [atTokenEndpoint, atApi] = [proofCheck(), proofCheck()];

  authorizationServer.script(async (request) => {
    const { proof, nonce, flaw } = await atTokenEndpoint.check(request, authorizationServer.origin);
    const headers = { ...(nonce && { 'dpop-nonce': nonce }) };
    if (proof === undefined) return { ...refused(String(flaw)), headers };
    const value = `token-${atTokenEndpoint.proofs.length}`;
    bindings.set(value, proof.jkt);
    return { ...granted(value, { token_type: 'DPoP' }), headers };
  });

  const revoked = new Set<string>();
  let scripted: Answer | undefined;
  api.answer(async (request): Promise<Answer> => {
    const answer = scripted;
    scripted = undefined;
    if (answer !== undefined) return answer;
    const { proof, nonce, flaw } = await atApi.check(request, api.origin);
    const nonceHeader = { ...(nonce && { 'dpop-nonce': nonce }) };
    const value = String(request.headers.authorization).replace('DPoP ', '');
    const error = proof === undefined ? flaw : 'invalid_token';
    if (proof === undefined || revoked.has(value) || bindings.get(value) !== proof.jkt) {
      const refusal = rejected(`DPoP error="${error}", algs="ES256"`);
      return { ...refusal, headers: { ...refusal.headers, ...nonceHeader } };
    }
    const { method, path, body } = request;
    return { headers: nonceHeader, body: { method, path, body } };
  });

  return {
    ...surroundings,
    api: {
      ...api,
      revoke: (...values) => values.forEach((value) => revoked.add(value)),
      answerOnce: (answer) => void (scripted = answer),
    },
    atTokenEndpoint,
    atApi,
  };
}

interface Verdict {
  readonly proof?: VerifiedProof;
  readonly nonce: string | undefined;
  readonly flaw?: string;
}

function proofCheck(): ProofCheck & { check(request: RecordedRequest, origin: string): Promise<Verdict> } {
  const proofs: VerifiedProof[] = [];
  const used = new Set<string>();
  let nonce: string | undefined;
  let isRequired = false;

  return {
    proofs,
    require: (required) => ([nonce, isRequired] = [required, true]),
    offer: (offered) => ([nonce, isRequired] = [offered, false]),
    async check(request, origin) {
      const verified = await verifyProof(request, origin).catch(() => undefined);
      if (verified === undefined || used.has(verified.jti)) return { nonce, flaw: 'invalid_dpop_proof' };
      used.add(verified.jti);
      if (isRequired && verified.nonce !== nonce) return { nonce, flaw: 'use_dpop_nonce' };
      proofs.push(verified);
      return { proof: verified, nonce };
    },
  };
}
