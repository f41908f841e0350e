import { createRequire } from 'node:module';

import nodeFetch3 from 'node-fetch';

// Without types of its own.
const nodeFetch2: unknown = createRequire(import.meta.url)('node-fetch-2');

type Fetch = typeof globalThis.fetch;

/** The implementations of `fetch` that programs use beside that of Node.js. Their bodies are streams of Node.js. */
export const nodeFetches: Readonly<Record<'node-fetch 2' | 'node-fetch 3', Fetch>> = {
  'node-fetch 2': nodeFetch2 as Fetch,
  'node-fetch 3': nodeFetch3 as unknown as Fetch,
};
