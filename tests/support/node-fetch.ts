import { createRequire } from 'node:module';

import type { Abilities } from '../contracts/adapter.js';

// Loaded without an import: their types would declare the DOM for the whole project.
const load = (name: string): { fetch: typeof fetch; Request: typeof Request } => {
  const loaded = createRequire(import.meta.url)(name) as typeof fetch & { readonly Request: typeof Request };
  return { fetch: loaded, Request: loaded.Request };
};
const name3: string = 'node-fetch';
const nodeFetch3 = (await import(name3)) as { default: typeof fetch; Request: typeof Request };

const ofStreams: Abilities = {
  bodies: ['string', 'Buffer', 'Uint8Array', 'URLSearchParams'],
  streams: ['Node stream'],
};

/** A `fetch` whose bodies are Node.js streams, and its own `Request` class. */
export interface NodeFetch {
  readonly fetch: typeof fetch;
  readonly Request: typeof Request;
  readonly abilities: Abilities;
}

/** The implementations, by name. */
export const nodeFetches: [name: string, nodeFetch: NodeFetch][] = [
  ['node-fetch 2', { ...load('node-fetch-2'), abilities: ofStreams }],
  ['node-fetch 3', { fetch: nodeFetch3.default, Request: nodeFetch3.Request, abilities: { streams: ['Node stream'] } }],
  ['cross-fetch', { ...load('cross-fetch'), abilities: ofStreams }],
];
