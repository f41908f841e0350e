import { anyClock, checkOptions } from '../core/check-options.js';
import { type Clock, systemClock } from '../core/clock.js';
import { asConfidential, type StoredToken, type TokenStore } from './token-store.js';

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** For tests. @default the system clock */
  readonly clock?: Clock | undefined;
}

/**
 * Keeps tokens in the memory of this process, as a {@link TokenStore} for tests.
 * @throws {ConfigurationError} if an option is unknown or malformed
 * @example
 * ```ts
 * import { memoryStore, tokenServiceFromEnvironment } from 'm2m-tokens';
 *
 * const store = memoryStore();
 * const replicas = [1, 2].map(() => tokenServiceFromEnvironment({ store }));
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): TokenStore {
  checkOptions('memoryStore', options, { clock: anyClock });
  const { clock = systemClock } = options;
  const tokens = new Map<string, { readonly token: StoredToken; readonly until: number }>();
  const leases = new Map<string, { until: number }>();

  const current = (key: string): StoredToken | undefined => {
    const entry = tokens.get(key);
    return entry !== undefined && entry.until > clock.monotonic() ? entry.token : undefined;
  };

  return asConfidential({
    get: async (key) => current(key),
    async set(key, token, ttlMs) {
      const existing = current(key);
      if (existing === undefined || !isNewer(existing, token)) {
        tokens.set(key, { token, until: clock.monotonic() + ttlMs });
      }
    },
    async delete(key, { version, issuedAt }) {
      const existing = current(key);
      if (existing?.version === version && existing.issuedAt === issuedAt) tokens.delete(key);
    },
    async lease(key, ms) {
      if ((leases.get(key)?.until ?? -Infinity) > clock.monotonic()) return undefined;
      const lease = { until: clock.monotonic() + ms };
      leases.set(key, lease);
      return {
        async extend(extensionMs) {
          lease.until = clock.monotonic() + extensionMs;
        },
        async release() {
          if (leases.get(key) === lease) leases.delete(key);
        },
      };
    },
  });
}

const isNewer = (one: StoredToken, other: StoredToken): boolean =>
  one.version > other.version || (one.version === other.version && one.issuedAt > other.issuedAt);
