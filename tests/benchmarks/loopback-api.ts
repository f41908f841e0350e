import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** An API on loopback that answers every request with a bit of JSON. */
export interface LoopbackApi {
  readonly origin: string;
  close(): Promise<unknown>;
}

/** Starts one on a thread of its own, so that its work is done beside that of whoever measures. */
export async function loopbackApi(): Promise<LoopbackApi> {
  const thread = new Worker(program, { eval: true });
  const [port] = (await once(thread, 'message')) as [number];
  return { origin: `http://127.0.0.1:${port}`, close: () => thread.terminate() };
}

// Plain JavaScript: no loader compiles what runs on another thread.
const program = `
  const server = require('node:http').createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json').end('{"id":1}');
  });
  server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port));
`;
