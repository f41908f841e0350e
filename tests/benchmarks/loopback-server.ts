import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A server on loopback that responds to every request with a small JSON object. */
export interface LoopbackServer {
  readonly origin: string;
  close(): void;
}

/** Starts the server in its own process, so that it does not delay the process that measures. */
export async function startLoopbackServer(): Promise<LoopbackServer> {
  const server = spawn(process.execPath, ['--eval', program], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [port] = (await once(server, 'message')) as [number];
  return { origin: `http://127.0.0.1:${port}`, close: () => server.kill() };
}

// Ends with its parent process.
const program = `
  const server = require('node:http').createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json').end('{"id":1}');
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.on('disconnect', () => process.exit());
`;
