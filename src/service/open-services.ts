import { AsyncLocalStorage } from 'node:async_hooks';

import { LRUCache } from 'lru-cache';

import { checkIsOptions } from '../core/check-options.js';
import { cleanText } from '../core/clean-text.js';
import { ConfigurationError, isTokenError } from '../core/errors.js';
import { type Counts, countsOf, noCounts, sumOf } from './counts.js';
import { distinctClients } from './distinct-clients.js';
import type { TokenServiceOptions } from './options.js';
import { type OptionsOf, serviceOptions } from './service-options.js';
import { createTokenService, type TokenService } from './token-service.js';

/** A token service in memory. */
export interface OpenService {
  readonly name: string;
  readonly service: TokenService;
}

/** The token services in memory: made on first use, and closed when there are too many. */
export interface OpenServices {
  readonly evictions: number;
  readonly opening: number;
  /** The counts of all token services since the start. */
  counts(): Counts;
  /** The service of a name, if it is in memory. This does not count as a use. */
  peek(name: string): TokenService | undefined;
  /** All services in memory, the most recently used first. */
  all(): readonly OpenService[];
  /** The services in memory, and the closed ones that callers still wait for. */
  withClosing(): readonly OpenService[];
  /**
   * Calls `use` with the service of a name. If it is not in memory, `opened` is awaited first: it returns the promise of
   * the service, or one that ends earlier.
   */
  run<T>(
    name: string,
    use: (service: TokenService) => Promise<T>,
    opened: (opening: Promise<unknown>) => Promise<unknown>,
  ): Promise<T>;
  close(name: string): void;
}

/** Options of {@link openServices}. */
export interface OpenServicesOptions {
  readonly optionsOf: OptionsOf;
  readonly max: number;
  readonly timeoutMs: number;
  readonly defaults: Pick<TokenServiceOptions, 'logger' | 'onEvent'>;
  /** Called with each new service, before its first use. */
  readonly onOpen: (service: TokenService) => void;
}

interface Entry extends OpenService {
  /** Number of calls under way. */
  calls: number;
  readonly ended: () => void;
  /** The part of its counts that is in the sum of the closed services. */
  counted: Counts;
}

/** Makes the set of token services in memory. */
export function openServices({ optionsOf, max, timeoutMs, defaults, onOpen }: OpenServicesOptions): OpenServices {
  // The service outlives the request that is the first to use it.
  const inContextOfCreation = AsyncLocalStorage.snapshot();
  const read = serviceOptions(optionsOf, timeoutMs);
  const clients = distinctClients();
  /** Apart from the services in memory: a name without options evicts no other name. */
  const openings = new Map<string, Promise<Entry>>();
  const closing = new Set<Entry>();
  let closed = noCounts;
  let evictions = 0;
  const open = new LRUCache<string, Entry>({
    maxSize: max,
    sizeCalculation: () => 1,
    dispose(entry, name, reason) {
      if (reason === 'evict') {
        evictions += 1;
        clients.retire(name);
      }
      closing.add(entry);
      if (entry.calls === 0) forget(entry);
    },
  });

  /** Lets a closed service go. It may be used once more by callers that waited for it. */
  function forget(entry: Entry): void {
    const counts = countsOf(entry.service.stats());
    closed = sumOf(closed, sumOf(counts, entry.counted, -1));
    entry.counted = counts;
    closing.delete(entry);
  }

  function makeEntry(name: string, options: TokenServiceOptions): Entry {
    try {
      checkIsOptions('createTokenService', options);
      const service = createTokenService({ ...defaults, ...options, name: options.name ?? name });
      clients.claim(name, options);
      const entry: Entry = {
        name,
        service,
        calls: 0,
        counted: noCounts,
        ended: () => {
          entry.calls -= 1;
          if (entry.calls === 0 && closing.has(entry)) forget(entry);
        },
      };
      return entry;
    } catch (error) {
      if (!isTokenError(error) || error.code !== 'ERR_CONFIGURATION') throw error;
      throw new ConfigurationError(`the token service "${cleanText(name)}" cannot be made: ${error.message}`);
    }
  }

  async function openEntry(name: string, isCurrent: () => boolean): Promise<Entry> {
    const options = await read(name);
    // The service was closed in the meantime: its options are read again.
    if (!isCurrent()) return open.get(name) ?? opening(name);
    const entry = inContextOfCreation(makeEntry, name, options);
    onOpen(entry.service);
    open.set(name, entry);
    return entry;
  }

  /** Reads the options once for all callers that wait for them. */
  function opening(name: string): Promise<Entry> {
    const present = openings.get(name);
    if (present !== undefined) return present;
    const isCurrent = (): boolean => openings.get(name) === started;
    const started: Promise<Entry> = openEntry(name, isCurrent).finally(() => {
      if (isCurrent()) openings.delete(name);
    });
    openings.set(name, started);
    return started;
  }

  function used<T>(entry: Entry, use: (service: TokenService) => Promise<T>): Promise<T> {
    const result = use(entry.service);
    entry.calls += 1;
    result.then(entry.ended, entry.ended);
    return result;
  }

  return {
    get evictions() {
      return evictions;
    },
    get opening() {
      return openings.size;
    },
    counts: () =>
      [...open.values(), ...closing].reduce((sum, { service }) => sumOf(sum, countsOf(service.stats())), closed),
    peek: (name) => open.peek(name)?.service,
    all: () => [...open.values()],
    withClosing: () => [...open.values(), ...closing],
    run(name, use, opened) {
      const present = open.get(name);
      if (present !== undefined) return used(present, use);
      const started = opening(name);
      return opened(started).then(async () => {
        const entry = await started;
        // Another service may have taken its place during the wait.
        if (open.get(name) !== entry) closing.add(entry);
        return used(entry, use);
      });
    },
    close(name) {
      clients.release(name);
      openings.delete(name);
      open.delete(name);
    },
  };
}
