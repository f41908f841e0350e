import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import type { Answer, Handler } from '../support/http-server.js';
import { rejected } from '../support/resource-server.js';
import type { CanaryRequest } from './clients.js';

/** A fault of a request with a token. */
export interface Fault {
  readonly request?: Partial<CanaryRequest>;
  /** The response of the API, instead of a check of the token. */
  readonly answer?: Behaviour;
  /** Whether the caller aborts after the API has received the request. */
  readonly givesUp?: boolean;
  /** The timeout of the caller. */
  readonly timeoutMs?: number;
  /** Whether the API rejects the first token. */
  readonly revoked?: boolean;
  /** Whether another request of the same client is in progress. */
  readonly isBesideAnother?: boolean;
}

/** Makes the response of an API at the origin `here`; `there` is another origin. */
type Behaviour = (here: string, there: string) => Handler;

const always =
  (answer: Answer): Behaviour =>
  () =>
  () =>
    answer;
const byHand =
  (respond: (response: Parameters<Handler>[1]) => unknown): Behaviour =>
  () =>
  (_request, response) =>
    void respond(response);
const redirect =
  (target: (here: string, there: string) => string, status = 307): Behaviour =>
  (here, there) =>
  ({ path }) =>
    path === '/orders' ? { status, headers: { location: target(here, there) } } : { body: 'moved' };

function form(): FormData {
  const data = new FormData();
  data.set('quantity', '3');
  return data;
}

/** The faults, which each client is tested with. */
export const faults: Readonly<Record<string, Fault>> = {
  'a success': {},
  'a success with a body': { request: { method: 'POST', body: () => JSON.stringify({ quantity: 3 }) } },
  'a form': { request: { method: 'POST', body: form } },
  bytes: { request: { method: 'PUT', body: () => Buffer.from('an order') } },
  'headers of the caller': { request: { headers: { 'x-trace': '1' } } },
  'a success beside a request under way': { isBesideAnother: true },
  'a 500 beside a request under way': { isBesideAnother: true, answer: always({ status: 500, body: 'no' }) },
  'a rejected token': { revoked: true },
  'a rejected token of a POST': { revoked: true, request: { method: 'POST', body: () => 'an order' } },
  'a rejected token of a stream': { revoked: true, request: { method: 'POST', body: () => Readable.from(['order']) } },
  'a second 401': { answer: always(rejected()) },
  'a 401 without a challenge': { answer: always({ status: 401 }) },
  'a challenge that cannot be read': { answer: always(rejected('Bearer error="invalid_token", ,"')) },
  'a 403': { answer: always({ ...rejected('Bearer error="insufficient_scope"'), status: 403 }) },
  'a 407': { answer: always({ status: 407, headers: { 'proxy-authenticate': 'Basic' } }) },
  'a 500': { answer: always({ status: 500, body: 'no' }) },
  'a 503 with HTML': { answer: always({ status: 503, headers: { 'retry-after': '1' }, body: '<html>' }) },
  'a 204': { answer: always({ status: 204 }) },
  'a 302 within the origin': { answer: redirect(() => '/moved', 302) },
  'a 307 of a POST within the origin': {
    request: { method: 'POST', body: () => 'an order' },
    answer: redirect((here) => `${here}/moved`),
  },
  'a redirect to another origin': { answer: redirect((_here, there) => `${there}/moved`) },
  'a redirect in circles': { answer: redirect(() => '/orders') },
  'a redirect to nowhere': { answer: redirect(() => 'http://127.0.0.1:1/') },
  'a redirect to no URL': { answer: redirect(() => 'http://[') },
  'a redirect to another scheme': { answer: redirect(() => 'ftp://127.0.0.1/') },
  'a connection that is reset': { answer: byHand((response) => response.destroy()) },
  'a reply that breaks off': {
    answer: byHand((response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    }),
  },
  'a reply that is no HTTP': { answer: byHand((response) => response.socket?.end('nonsense\r\n\r\n')) },
  'headers that are too long': { answer: always({ headers: { 'x-long': 'x'.repeat(20_000) } }) },
  'a broken gzip': { answer: always({ headers: { 'content-encoding': 'gzip' }, body: 'no gzip' }) },
  'a gzip bomb': { answer: always({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(20_000)) }) },
  'a caller who gives up': { givesUp: true, answer: byHand(() => undefined) },
  'a caller who gives up while the body comes': {
    givesUp: true,
    answer: byHand((response) => {
      response.writeHead(200);
      response.write('slow');
    }),
  },
  'a timeout': { timeoutMs: 60, answer: byHand(() => undefined) },
  'a header that cannot be sent': { request: { headers: { 'x-trace': 'a\nb' } } },
  'a method that does not exist': { request: { method: 'G T' } },
};
