import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

/** Where oidc-provider keeps its tokens: in memory, for the few seconds that the tour lasts. */
export function tokenStorage(): AdapterFactory {
  const kept = new Map<string, AdapterPayload>();

  return (model): Adapter => ({
    upsert: async (id, payload) => void kept.set(`${model} ${id}`, payload),
    find: async (id) => kept.get(`${model} ${id}`),
    destroy: async (id) => void kept.delete(`${model} ${id}`),
    // For users who sign in; the client credentials grant has none.
    consume: async () => undefined,
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    revokeByGrantId: async () => undefined,
  });
}
