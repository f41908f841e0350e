import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

import { cleanUp } from './clean-up.js';

/** Starts a proxy on loopback that records all bytes that it could read. It takes `localhost` for 127.0.0.1. */
export async function startProxy(): Promise<{ readonly url: URL; readonly read: () => string }> {
  let read = '';
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.end('from the proxy'));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('data', (bytes) => (read += bytes.toString('latin1')));
  });
  server.on('connect', ({ url = '' }: IncomingMessage, socket: Socket) => {
    const [host, port] = url.split(':');
    const onward = connect(Number(port), host === 'localhost' ? '127.0.0.1' : host);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.pipe(onward).pipe(socket);
    onward.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp(() => {
    sockets.forEach((socket) => socket.destroy());
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), read: () => read };
}
