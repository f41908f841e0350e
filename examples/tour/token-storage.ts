import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

/** The storage of oidc-provider, in memory. */
export function tokenStorage(): AdapterFactory {
  const kept = new Map<string, AdapterPayload>();

  return (model): Adapter => ({
    upsert: async (id, payload) => void kept.set(`${model} ${id}`, payload),
    find: async (id) => kept.get(`${model} ${id}`),
    destroy: async (id) => void kept.delete(`${model} ${id}`),
    // For users who sign in, which the client credentials grant does not have.
    consume: async () => undefined,
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    revokeByGrantId: async () => undefined,
  });
}
