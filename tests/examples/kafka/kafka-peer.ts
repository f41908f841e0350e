import { createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';

import { testCertificates, testKey } from '../../support/certificates.js';
import { cleanUp } from '../../support/clean-up.js';

/** A request to the peer. */
export interface KafkaRequest {
  /** The number of its connection, counted from 1. */
  readonly connection: number;
  readonly api: 'ApiVersions' | 'SaslHandshake' | 'SaslAuthenticate' | 'Metadata';
  /** The token of the session, or the one that asks for a session. */
  readonly token: string | undefined;
  /** Whether the session had ended, or never began. */
  readonly isRefused: boolean;
}

/** Options of {@link startKafkaPeer}. */
export interface KafkaPeerOptions {
  /** When a token expires, in milliseconds since the epoch; `undefined` for a token to reject. */
  readonly expiryOf: (token: string) => number | undefined;
}

/**
 * A peer that speaks as much of Kafka's protocol, over TLS, as a client needs to authenticate with OAUTHBEARER (RFC 7628)
 * and to list topics. As a broker does, it closes a connection that sends a request after its session has ended (KIP-368).
 */
export async function startKafkaPeer({ expiryOf }: KafkaPeerOptions) {
  const requests: KafkaRequest[] = [];
  let connections = 0;
  const server = createServer({ key: testKey, cert: testCertificates.good }, (socket) => {
    const connection = (connections += 1);
    let session: { token: string; endsAt: number } | undefined;
    const record = (api: KafkaRequest['api'], token: string | undefined, isRefused = false) =>
      void requests.push({ connection, api, token, isRefused });
    socket.on('error', () => socket.destroy());
    readRequests(socket, (apiKey, version, body) => {
      switch (apiKey) {
        case 18:
          record('ApiVersions', undefined);
          return apiVersions(version);
        case 17:
          record('SaslHandshake', undefined);
          return Buffer.concat([int16(0), array([string('OAUTHBEARER')])]);
        case 36: {
          // After its length, "n,,^Aauth=Bearer TOKEN^A^A": with a token that is not known, it is rejected.
          const [header, authorization = ''] = body.toString('latin1', 4).split('\u0001');
          const token = header === 'n,,' ? authorization.replace(/^auth=Bearer /, '') : '';
          const endsAt = expiryOf(token) ?? 0;
          const lifetimeMs = endsAt - Date.now();
          record('SaslAuthenticate', token, lifetimeMs <= 0);
          if (lifetimeMs <= 0) return authenticated(58, 'Invalid token', 0);
          session = { token, endsAt };
          return authenticated(0, '', lifetimeMs);
        }
        default: {
          const isOver = session === undefined || Date.now() > session.endsAt;
          record('Metadata', session?.token, isOver);
          if (isOver) return void socket.destroy();
          return metadata((socket.address() as AddressInfo).port);
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<TLSSocket>();
  server.on('secureConnection', (socket) => sockets.add(socket));
  cleanUp(() => {
    sockets.forEach((socket) => socket.destroy());
    return new Promise((resolve) => server.close(resolve));
  });
  return { broker: `localhost:${(server.address() as AddressInfo).port}`, requests };
}

type Respond = (apiKey: number, version: number, body: Buffer) => Buffer | undefined;

/** Reads requests: a length, the header (key, version, correlation id, client id) and the body. */
function readRequests(socket: TLSSocket, respond: Respond): void {
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
      const request = received.subarray(4, 4 + received.readInt32BE(0));
      received = received.subarray(4 + request.length);
      const body = request.subarray(10 + request.readInt16BE(8));
      const response = respond(request.readInt16BE(0), request.readInt16BE(2), body);
      if (response === undefined) return;
      const answer = Buffer.concat([request.subarray(4, 8), response]);
      socket.write(Buffer.concat([int32(answer.length), answer]));
    }
  });
}

/** The versions that this peer speaks, by API key. */
function apiVersions(version: number): Buffer {
  const ranges = [
    [3, 0, 0],
    [17, 0, 1],
    [18, 0, 2],
    [36, 0, 1],
  ] as const;
  const rows = array(ranges.map((range) => Buffer.concat(range.map(int16))));
  return Buffer.concat([int16(0), rows, ...(version > 0 ? [int32(0)] : [])]);
}

const authenticated = (error: number, message: string, lifetimeMs: number): Buffer =>
  Buffer.concat([int16(error), string(message), int32(0), int64(lifetimeMs)]);

/** One broker, which is this peer, and one topic without partitions. */
const metadata = (port: number): Buffer =>
  Buffer.concat([
    array([Buffer.concat([int32(0), string('localhost'), int32(port)])]),
    array([Buffer.concat([int16(0), string('orders'), array([])])]),
  ]);

const int16 = (value: number): Buffer => Buffer.from(Int16Array.of(value).buffer).swap16();
const int32 = (value: number): Buffer => Buffer.from(Int32Array.of(value).buffer).swap32();
const int64 = (value: number): Buffer => Buffer.from(BigInt64Array.of(BigInt(value)).buffer).swap64();
const string = (text: string): Buffer => Buffer.concat([int16(text.length), Buffer.from(text)]);
const array = (items: readonly Buffer[]): Buffer => Buffer.concat([int32(items.length), ...items]);
