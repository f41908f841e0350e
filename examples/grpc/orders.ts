import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

const serialize = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const deserialize = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

const read: MethodDefinition<unknown, unknown> = {
  path: '/example.Orders/Read',
  requestStream: false,
  responseStream: false,
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize,
};

/** A service as a generator makes it of a .proto file, but with messages in JSON. */
export const orders: ServiceDefinition = {
  read,
  /** Sends the orders one by one. */
  list: { ...read, path: '/example.Orders/List', responseStream: true },
};
