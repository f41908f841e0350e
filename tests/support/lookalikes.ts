import type { EventEmitter } from 'node:events';
import {
  Agent as HttpAgent,
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { Agent as HttpsAgent, createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type LookupFunction, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

import { Agent, buildConnector } from 'undici';

import { testAuthority, testCertificates, testKey } from './certificates.js';
import { cleanUp } from './clean-up.js';

/** A request that a server received. */
export interface Arrival {
  /** Whether it came over TLS to the address, the port and the name of the API. */
  readonly isAtApi: boolean;
  /** The server that received it, for messages. */
  readonly at: string;
  readonly authorization: string | undefined;
  readonly dpop: string | undefined;
}

/** An API, servers that look like it, and the connections to them. */
export interface Lookalikes {
  readonly arrivals: readonly Arrival[];
  /**
   * Redirects each request to the first location, from there to the second and so on, each time with the next status.
   */
  readonly redirect: (locations: readonly string[], statuses: readonly number[]) => void;
  /**
   * The agents of the clients. They do not verify host names, so that only the library keeps the token from other
   * servers. They map port 443 of a URL to one port of this machine, and all other ports to a second one.
   */
  readonly agents: { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent; readonly dispatcher: Agent };
}

const strangers = '127.0.0.2';

/**
 * Starts an API with the name `host` at port 443 of 127.0.0.1, and servers at other ports and addresses. Each of them
 * accepts http and https. All other names resolve to the other servers.
 */
export async function startLookalikes(host: string): Promise<Lookalikes> {
  const arrivals: Arrival[] = [];
  let hops: { readonly locations: readonly string[]; readonly statuses: readonly number[] } | undefined;

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { headers, socket, url = '' } = request;
    const isSecure = socket instanceof TLSSocket;
    const { localAddress = '', localPort } = socket;
    const at = `${isSecure ? 'https' : 'http'}://${localAddress}:${localPort === ports[0] ? 443 : 'other'}`;
    const isAtApi = at === 'https://127.0.0.1:443' && headers.host === host;
    const { authorization, dpop } = headers;
    arrivals.push({ isAtApi, at: `${at} as ${headers.host}`, authorization, dpop: dpop?.toString() });
    request.resume();
    const hop = Number(/[?&]hop=(\d+)/.exec(url)?.[1] ?? 0);
    const location = hops?.locations[hop];
    const status = hops?.statuses[hop % hops.statuses.length] ?? 200;
    if (location === undefined) response.end('arrived');
    else response.writeHead(status, { location: `${location}?hop=${hop + 1}` }).end();
  };

  const http = createHttpServer(answer);
  const https = createHttpsServer({ cert: testCertificates.good, key: testKey }, answer);
  const listen = (address: string, port: number) => listenForBoth({ http, https, address, port });
  const ports = [await listen('127.0.0.1', 0), await listen('127.0.0.1', 0)] as const;
  await Promise.all([strangers, '::1'].flatMap((address) => ports.map((port) => listen(address, port))));

  return { arrivals, redirect: (locations, statuses) => (hops = { locations, statuses }), agents: agents(host, ports) };
}

function agents(host: string, ports: readonly [number, number]): Lookalikes['agents'] {
  const secureContext = createSecureContext({ ca: testAuthority });
  const connection = { keepAlive: true, lookup: lookup(host), secureContext, checkServerIdentity: () => undefined };
  const realPort = (port: unknown): number => ports[Number(port) === 443 ? 0 : 1];

  const [httpAgent, httpsAgent] = [new HttpAgent(connection), new HttpsAgent(connection)];
  for (const agent of [httpAgent, httpsAgent]) {
    const create = agent.createConnection.bind(agent);
    agent.createConnection = (options, done) =>
      create(Object.assign({}, options, { port: realPort(options.port) }), done);
  }
  const connect = buildConnector(connection);
  const dispatcher = new Agent({
    connect(options, done) {
      const { protocol, port } = options;
      connect({ ...options, port: String(realPort(port || (protocol === 'https:' ? 443 : 80))) }, done);
    },
  });
  cleanUp(() => dispatcher.destroy());
  return { httpAgent, httpsAgent, dispatcher };
}

// Does not normalize names: one with a dot at the end is another name.
function lookup(host: string): LookupFunction {
  return (name, { all }, done) => {
    const address = name === host ? '127.0.0.1' : strangers;
    if (all) done(null, [{ address, family: 4 }]);
    else done(null, address, 4);
  };
}

interface Listening {
  readonly http: EventEmitter;
  readonly https: EventEmitter;
  readonly address: string;
  readonly port: number;
}

async function listenForBoth({ http, https, address, port }: Listening): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', (first) => {
      socket.pause();
      socket.unshift(first);
      // The first byte of TLS is the type of a handshake record.
      (first[0] === 0x16 ? https : http).emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, address, resolve);
  });
  cleanUp(() => {
    sockets.forEach((socket) => socket.destroy());
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}
