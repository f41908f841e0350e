import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

/** The storage of oidc-provider, in memory. */
export function tokenStorage(): AdapterFactory {
  const entries = new Map<string, AdapterPayload>();

  return (model): Adapter => ({
    upsert: async (id, payload) => void entries.set(`${model} ${id}`, payload),
    find: async (id) => entries.get(`${model} ${id}`),
    destroy: async (id) => void entries.delete(`${model} ${id}`),
    // Used only by grants in which a user signs in.
    consume: async () => undefined,
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    revokeByGrantId: async () => undefined,
  });
}
