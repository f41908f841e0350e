import { createRequire } from 'node:module';

import nodeFetch3 from 'node-fetch';

// This version has no types.
const nodeFetch2: unknown = createRequire(import.meta.url)('node-fetch-2');

type Fetch = typeof globalThis.fetch;

/** Implementations of `fetch` whose bodies are Node.js streams. */
export const nodeFetches: Readonly<Record<'node-fetch 2' | 'node-fetch 3', Fetch>> = {
  'node-fetch 2': nodeFetch2 as Fetch,
  'node-fetch 3': nodeFetch3 as unknown as Fetch,
};
