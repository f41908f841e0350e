import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** A proxy in front of a server on loopback that delays the responses. */
export interface SlowProxy {
  readonly port: number;
  /** Delays each response from now on, in milliseconds. */
  delay(ms: number): void;
  close(): void;
}

/** Starts a proxy without a delay. */
export async function slowProxy(port: number): Promise<SlowProxy> {
  let delayMs = 0;
  const server = createServer((inbound) => {
    const outbound = connect(port, '127.0.0.1');
    const end = () => [inbound, outbound].forEach((socket) => socket.destroy());
    for (const socket of [inbound, outbound]) socket.on('error', end).on('close', end);
    inbound.pipe(outbound);
    outbound.on('data', (chunk) => void setTimeout(delayMs).then(() => inbound.write(chunk)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    delay(ms) {
      delayMs = ms;
    },
    close: () => server.close(),
  };
}
