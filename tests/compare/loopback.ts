import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a server received. */
export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A response. An object as body is sent as JSON. */
export interface Answer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
}

/** A server on loopback. */
export interface Loopback {
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts a server on a free port. The response to a request is the result of `answer`; it never ends for `undefined`. */
export async function startLoopback(
  answer: (request: ReceivedRequest) => Promise<Answer | undefined>,
): Promise<Loopback> {
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    incoming.on('end', () => {
      const request = { path: incoming.url ?? '', headers: incoming.headers, body };
      answer(request).then(
        (given) => given && write(response, given),
        () => response.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function write(response: ServerResponse, { status = 200, headers = {}, body = '' }: Answer): void {
  const isJson = typeof body === 'object';
  response.writeHead(status, isJson ? { 'content-type': 'application/json', ...headers } : headers);
  response.end(isJson ? JSON.stringify(body) : body);
}
