import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';

import { cleanUp } from './clean-up.js';

/** A request that a server received. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The response of a scripted server; an object as body is sent as JSON. */
export interface Answer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer | object;
}

/** Makes the response to a request; returns nothing if it writes the response itself. */
export type Handler = (request: RecordedRequest, response: ServerResponse) => Answer | Promise<Answer> | undefined;

/** A server on loopback with scripted responses. */
export interface HttpServer {
  readonly origin: string;
  /** All requests so far. */
  readonly requests: readonly RecordedRequest[];
}

/** An address of this machine that is not loopback. The library treats it as another machine. */
export const outerAddress =
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '0.0.0.0';

/** Starts a server on a free port and closes it after the test. */
export async function startHttpServer(handle: Handler, address?: string): Promise<HttpServer> {
  const requests: RecordedRequest[] = [];

  const origin = await listen(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    };
    requests.push(request);

    const answer = await handle(request, response);
    if (answer !== undefined) write(response, answer);
  }, address);

  return { origin, requests };
}

/** Starts a server on a free port and closes it, with all connections, after the test; returns its origin. */
export async function listen(
  listener: (incoming: IncomingMessage, response: ServerResponse) => unknown,
  address = '127.0.0.1',
): Promise<string> {
  const server = createServer((incoming, response) => void listener(incoming, response));
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  cleanUp(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://${address}:${(server.address() as AddressInfo).port}`;
}

function write(response: ServerResponse, { status = 200, headers = {}, body = '' }: Answer): void {
  const isJson = typeof body === 'object' && !Buffer.isBuffer(body);
  response.writeHead(status, isJson ? { 'content-type': 'application/json', ...headers } : headers);
  response.end(isJson ? JSON.stringify(body) : body);
}
