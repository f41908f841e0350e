import { format, inspect } from 'node:util';

import { clientSecretBasic } from '../../src/authentication/client-secret.js';
import type { TokenEvent } from '../../src/core/events.js';
import type { TokenRequest } from '../../src/core/token-request.js';
import { clientCredentials } from '../../src/grant/client-credentials.js';
import type { ClientCredentialsOptions } from '../../src/grant/grant-options.js';
import type { GrantSource } from '../../src/grant/grants.js';
import { startAuthorizationServer } from './authorization-server.js';
import { fakeClock, type FakeClock } from './clock.js';
import type { Answer } from './http-server.js';
import { collectNotable } from './events.js';

/** The secret of the client in these tests. */
export const secret = 'c4n4ry-s3cret';

/** A token source without layers, its clock and its events. */
export interface Granting {
  readonly tokens: GrantSource;
  readonly clock: FakeClock;
  readonly events: readonly TokenEvent[];
  /** The error of one grant. */
  readonly failure: (request?: TokenRequest) => Promise<unknown>;
}

/** The client `orders` with its secret at an authorization server. */
export function granting(options: Partial<ClientCredentialsOptions>): Granting {
  const clock = fakeClock();
  const events: TokenEvent[] = [];
  const tokens = clientCredentials({
    clientId: 'orders',
    clientAuthentication: clientSecretBasic(secret),
    clock,
    onEvent: collectNotable(events),
    ...options,
  });
  return { tokens, clock, events, failure: (request) => failureOf(tokens.getToken(request)) };
}

/** The error of a grant with this response. */
export async function errorFor(answer: Answer, request?: TokenRequest): Promise<unknown> {
  const server = await startAuthorizationServer();
  server.script(answer);
  return granting({ tokenEndpoint: server.tokenEndpoint }).failure(request);
}

/** The reason of a rejected promise. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** The lines with `text` in all printed forms of a value; none if the value keeps it secret. */
export function linesThatShow(text: string, value: unknown): string[] {
  const lines = allThatPrints(value).split('\n');
  return [...new Set(lines)].filter((line) => line.includes(text));
}

/** All printed forms of a value, and of the causes of an error. */
export function allThatPrints(value: unknown): string {
  const causes = [value];
  while (causes.at(-1) instanceof Error && causes.length < 10) causes.push((causes.at(-1) as Error).cause);

  return causes
    .flatMap((cause) => [
      inspect(cause, { depth: Infinity, showHidden: true, getters: true }),
      inspect(cause, { depth: Infinity, showHidden: true, customInspect: false }),
      format('%s %o %O %j', cause, cause, cause, cause),
      String((cause as Error | undefined)?.stack),
      JSON.stringify(cause),
      JSON.stringify(cause, Object.getOwnPropertyNames(Object(cause))),
    ])
    .join('\n');
}
