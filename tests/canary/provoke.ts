import { dpop } from '../../src/grant/dpop.js';
import { gate, startSurroundings } from '../support/adapter-service.js';
import { granted } from '../support/authorization-server.js';
import { rejected, startResourceServer } from '../support/resource-server.js';
import { type Artefact, artefactsOf } from './artefacts.js';
import { canaryLog } from './canary-log.js';
import type { CanaryClient, CanarySetup } from './clients.js';
import type { Fault } from './faults.js';
import { markedSecret, markedToken } from './marks.js';

/** The result of a request with a fault. */
export interface Provoked {
  /** All output. */
  readonly artefacts: readonly Artefact[];
  /** The `Authorization` headers that the API received. */
  readonly authorizations: readonly (string | undefined)[];
  /** The `Authorization` headers that another origin received. */
  readonly elsewhere: readonly (string | undefined)[];
  /** The signatures of all proofs that were sent, which identify them. */
  readonly proofs: readonly string[];
}

/** Options of {@link provoke}. */
export interface ProvokeOptions {
  /** Whether they are DPoP tokens (RFC 9449). @default false */
  readonly isBound?: boolean;
}

// A path to which the API never responds.
const hanging = '/slow';

/** Sends a request with a marked token, with a fault. */
export async function provoke(
  makeClient: (setup: CanarySetup) => CanaryClient,
  fault: Fault,
  { isBound = false }: ProvokeOptions = {},
): Promise<Provoked> {
  const { logger, lines } = canaryLog();
  const { tokens, api, authorizationServer, events, onEvent } = await startSurroundings({
    clientSecret: markedSecret,
    logger,
    ...(isBound && { dpop: dpop() }),
  });
  const elsewhere = await startResourceServer();
  elsewhere.answer(() => ({ body: 'there' }));
  const scheme = isBound ? 'DPoP' : 'Bearer';
  authorizationServer.script(() => granted(markedToken(authorizationServer.grants.length), { token_type: scheme }));
  // The API of startResourceServer accepts Bearer tokens only.
  const answer =
    fault.answer?.(api.origin, elsewhere.origin) ??
    (({ headers }) =>
      fault.revoked && headers.authorization === `${scheme} ${markedToken(1)}`
        ? rejected()
        : { body: { quantity: 3 } });
  const arrived = gate();
  api.answer((request, response) => {
    arrived.open();
    if (request.path === hanging) return undefined;
    return answer(request, response);
  });
  const token = await tokens.getToken();
  const caller = new AbortController();
  if (fault.givesUp) void arrived.opened.then(() => setImmediate(() => caller.abort()));
  const signal = fault.timeoutMs === undefined ? caller.signal : AbortSignal.timeout(fault.timeoutMs);

  const send = makeClient({ tokens, origin: api.origin, onEvent });
  const other = new AbortController();
  if (fault.isBesideAnother) {
    void send({ path: hanging, signal: other.signal });
    await arrived.opened;
  }
  const caught = await send({ path: '/orders', signal, ...fault.request });

  const values = { ...caught, events, token, stats: tokens.stats() };
  const artefacts = [
    ...Object.entries(values).flatMap(([what, value]) => artefactsOf(what, value)),
    ...lines.map((text) => ({ origin: 'log', channel: 'log line', text })),
  ];
  other.abort();
  return {
    artefacts,
    authorizations: api.requests.map(({ headers }) => headers.authorization),
    elsewhere: elsewhere.requests.flatMap(({ headers }) => [headers.authorization, headers['dpop']?.toString()]),
    proofs: [...authorizationServer.grants, ...api.requests]
      .map(({ headers }) => headers['dpop']?.toString().split('.')[2])
      .filter((signature) => signature !== undefined),
  };
}
