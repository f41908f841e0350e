// Prints the token of an endpoint, while Node.js is configured to use a proxy. Run by proxy.test.ts.
import { url } from '../../src/identity/index.js';

console.log(await url({ url: process.env['ENDPOINT'] ?? '' })());
