import { abortable } from '../../abortable.js';
import { authorizationServer } from '../../grant/authorization-server.js';
import { createTokenService } from '../../token-service.js';
import type { TokenServiceOptions } from '../../token-service-options.js';
import { alive } from '../terminal.js';
import type { CommandContext } from '../command-context.js';
import { exitCodes } from '../command-error.js';
import { clientSecret, serviceOptions } from '../settings/service-options.js';
import { requiredServer, type Settings } from '../settings/settings.js';
import { checkApi } from './check-api.js';
import { checkAuthMethod, checkMetadata, type ServerFacts } from './check-metadata.js';
import { checkClock } from './check-clock.js';
import { checkGrant, checkLifetime, checkScope } from './check-grant.js';
import { checkSecret, checkSettings } from './check-settings.js';
import { checkWay } from './check-connection.js';
import type { Finding } from './finding.js';
import { reasonsForInvalidClient, tryMethods } from './invalid-client.js';
import { type Witness, witness } from './witness.js';

/** What is to be found out. */
export interface Examination {
  readonly settings: Settings;
  /** An URL of the API. */
  readonly api: URL | undefined;
  /** Whether other client authentication methods are tried after `invalid_client`. */
  readonly triesMethods: boolean;
}

/** Goes from step to step and tells what each finds, up to the first that makes the next ones pointless. */
export async function* examine(
  { settings, api, triesMethods }: Examination,
  context: CommandContext,
): AsyncGenerator<Finding, void> {
  if (yield* isBad(checkSettings(settings))) return;
  const { secret, findings: flaws } = await checkSecret(() => clientSecret(settings, context));
  yield* flaws;
  if (secret === undefined) return;

  const seen = witness(context.clock);
  const facts = yield* findServer(settings, seen, context);
  if (facts === undefined) return;

  const { signal, clock } = context;
  const options = { ...serviceOptions(settings, secret), retry: { retries: 0 }, fetch: seen.fetch, clock };
  const open = (more: Partial<TokenServiceOptions> = {}) => createTokenService({ ...options, ...more });
  const reasons = async () => {
    const { clientId } = options;
    const prepared = await options.clientAuthentication.prepare(clientId, facts);
    return reasonsForInvalidClient({ prepared, secret, clientId, facts, triesMethods });
  };
  const ask = () => checkGrant(open(), { signal, reasons });
  const { token, refusal, findings } = await alive('asking for a token', context, ask);
  yield* checkClock(seen.replies);
  yield* findings;
  if (refusal === 'invalid_client' && triesMethods) yield* tryMethods({ ...options, secret, facts, open, signal });
  if (token === undefined) return;

  yield* checkScope(settings.scope?.value, token.scope);
  yield* checkLifetime(token, seen.replies.at(-1)?.saysLifetime === true);
  if (api === undefined) return;
  if (yield* isBad(await checkWay(api, exitCodes.apiUnreachable, context))) return;
  yield* await alive(`calling ${api.host}`, context, () => checkApi(api, token, signal));
}

/** What the authorization server says of itself; `undefined` when it cannot be asked. */
async function* findServer(
  settings: Settings,
  seen: Witness,
  context: CommandContext,
): AsyncGenerator<Finding, ServerFacts | undefined> {
  const { issuer, authMethod } = settings;
  const { serverUnreachable } = exitCodes;
  const url = new URL(requiredServer(settings));
  if (yield* isBad(await checkWay(url, serverUnreachable, context))) return undefined;
  if (issuer === undefined) return { issuer: url.href, token_endpoint: url.href };

  const { clock, signal } = context;
  const server = authorizationServer({ issuer: issuer.value, timeoutMs: 5_000, fetch: seen.fetch, clock });
  const ask = () => checkMetadata(issuer.value, () => abortable(server.metadata(), signal));
  const { facts, findings } = await alive('asking for the metadata', context, ask);
  yield* findings;
  if (facts === undefined || (yield* isBad(checkAuthMethod(facts, authMethod?.value)))) return undefined;

  const endpoint = new URL(facts.token_endpoint ?? issuer.value);
  const isElsewhere = endpoint.origin !== url.origin;
  if (isElsewhere && (yield* isBad(await checkWay(endpoint, serverUnreachable, context)))) return undefined;
  return facts;
}

function* isBad(findings: readonly Finding[]): Generator<Finding, boolean> {
  yield* findings;
  return findings.some(({ verdict }) => verdict === 'bad');
}
