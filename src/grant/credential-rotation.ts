import type { PreparedCredential } from '../authentication/client-authentication.js';
import type { CredentialFacts, TokenEvent } from '../core/events.js';

/** Emits `credential.reread` for each credential that differs from that of the grant before. */
export function credentialRotation(
  emit: (event: TokenEvent) => void,
): (credentials: readonly PreparedCredential[]) => void {
  const fingerprints = new Map<CredentialFacts['credential'], string>();
  return (credentials) => {
    for (const { facts, fingerprint } of credentials) {
      if (fingerprint === undefined) continue;
      const last = fingerprints.get(facts.credential);
      fingerprints.set(facts.credential, fingerprint);
      if (last !== undefined && last !== fingerprint) emit({ type: 'credential.reread', ...facts });
    }
  };
}
