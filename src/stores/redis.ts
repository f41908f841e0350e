/**
 * Shares tokens between replicas through Redis.
 * @module m2m-tokens/redis
 */
import { randomUUID } from 'node:crypto';

import { checkArgument, checkOptions, nonEmptyString, objectWith } from '../core/check-options.js';
import type { Lease, StoreCall, StoredToken, TokenStore } from './token-store.js';

/** The Redis commands in use. */
export interface RedisCommands {
  /** `GET`. */
  get(key: string): Promise<string | Buffer | null>;
  /** `EVAL`. */
  eval(script: string, options: { readonly keys: string[]; readonly arguments: string[] }): Promise<unknown>;
}

/**
 * A client of the package `redis`, version 5 or newer, made by `createClient`, `createClientPool`, `createCluster` or
 * `createSentinel`. The types of these four have little in common, so this type lists only the members in use.
 */
export interface RedisConnection extends RedisCommands {
  /** Whether the client is connected, so that it sends a command immediately. */
  readonly isReady?: boolean;
  /** Makes the commands abortable while they wait for a connection. */
  withCommandOptions(options: { abortSignal: AbortSignal }): RedisCommands;
  /** The number of listeners. */
  listenerCount(event: 'error'): number;
  /** Adds a listener. */
  on(event: 'error', listener: () => void): unknown;
}

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /**
   * Prefix of all keys.
   * @default 'm2m-tokens:'
   */
  readonly prefix?: string | undefined;
}

/**
 * Makes a token store in Redis 6.2 or newer, Valkey, Redis Cluster or behind Sentinel. Connect the client yourself; it
 * may lose its connection and reconnect at any time.
 *
 * The store adds a listener for `error` events if the client has none, because an unhandled `error` event ends the
 * process. The token service reports failures of the store.
 * @throws {ConfigurationError} if the client is of another package, or an option is unknown or malformed
 * @example
 * ```ts
 * import { tokenServiceFromEnvironment } from 'm2m-tokens';
 * import { redisStore } from 'm2m-tokens/redis';
 * import { createClient } from 'redis';
 *
 * const client = createClient({ url: 'redis://redis.internal' });
 * const tokens = tokenServiceFromEnvironment({ store: redisStore(client) });
 * client.connect().catch(() => {}); // the service works without Redis, too
 * ```
 */
export function redisStore(client: RedisConnection, options: RedisStoreOptions = {}): TokenStore {
  checkArgument('redisStore', 'client', client, objectWith('withCommandOptions', 'listenerCount', 'on'));
  checkOptions('redisStore', options, { prefix: nonEmptyString });
  const { prefix = 'm2m-tokens:' } = options;
  if (client.listenerCount('error') === 0) client.on('error', () => {});

  // A connected client sends at once. Otherwise the command is queued, and the signal removes it from the queue.
  const commands = (call: StoreCall | undefined): RedisCommands =>
    client.isReady === true || call === undefined ? client : client.withCommandOptions({ abortSignal: call.signal });

  const run = (script: string, key: string, values: readonly (string | number)[], call?: StoreCall) =>
    commands(call).eval(script, { keys: [key], arguments: values.map(String) });

  // The braces are a hash tag: both entries have the same hash slot in Redis Cluster.
  const tokenKey = (key: string): string => `${prefix}{${key}}`;
  const leaseKey = (key: string): string => `${prefix}{${key}}:lease`;

  return {
    async get(key, call) {
      const found = await commands(call).get(tokenKey(key));
      if (found === null) return undefined;
      // The client may be configured to return bytes.
      const text = typeof found === 'string' ? found : found.toString();
      const token = parse(text);
      if (token === undefined) await run(removal, tokenKey(key), [text], call);
      return token;
    },

    async set(key, token, ttlMs, call) {
      const { version, issuedAt } = token;
      await run(replacement, tokenKey(key), [version, issuedAt, Math.ceil(ttlMs), serialize(token)], call);
    },

    async delete(key, token, call) {
      await run(removal, tokenKey(key), [`${token.version}:${token.issuedAt}:`], call);
    },

    async lease(key, ms, call) {
      const holder = randomUUID();
      const extend = async (extensionMs: number, extensionCall?: StoreCall): Promise<void> => {
        await run(extension, leaseKey(key), [holder, Math.ceil(extensionMs)], extensionCall);
      };
      // An extension by 0 ms ends the lease.
      const lease: Lease = { extend, release: (releaseCall) => extend(0, releaseCall) };

      const taken = await run(leasing, leaseKey(key), [holder, Math.ceil(ms)], call);
      if (taken === null) return undefined;
      if (call?.signal.aborted !== true) return lease;
      // The call was aborted before Redis responded. Release the lease, so that another replica can take it.
      await lease.release();
      return undefined;
    },
  };
}

const serialize = ({ version, issuedAt, expiresAt, payload }: StoredToken): string =>
  `${version}:${issuedAt}:${expiresAt}:${payload}`;

function parse(text: string): StoredToken | undefined {
  const [header, version, issuedAt, expiresAt] = /^(\d+):(\d+):(\d+):/.exec(text) ?? [];
  if (header === undefined) return undefined;
  return {
    version: Number(version),
    issuedAt: Number(issuedAt),
    expiresAt: Number(expiresAt),
    payload: text.slice(header.length),
  };
}

const replacement = `
local stored = redis.call('GET', KEYS[1])
if stored then
  local version, issuedAt = string.match(stored, '^(%d+):(%d+):%d+:')
  version, issuedAt = tonumber(version), tonumber(issuedAt)
  local given = tonumber(ARGV[1])
  if version and (version > given or version == given and issuedAt > tonumber(ARGV[2])) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[3])
return 1`;

const removal = `
local stored = redis.call('GET', KEYS[1])
if stored and string.sub(stored, 1, #ARGV[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

const leasing = `return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])`;

const extension = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0`;
