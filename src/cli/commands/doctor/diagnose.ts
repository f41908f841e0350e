import type { SecureContext } from 'node:tls';

import { clientCertificate } from '../../../authentication/client-certificate.js';
import { abortable } from '../../../core/abort.js';
import { authorizationServer } from '../../../grant/authorization-server.js';
import type { TokenServiceOptions } from '../../../service/options.js';
import { createTokenService } from '../../../service/token-service.js';
import type { CommandContext } from '../../context.js';
import { exitCodes } from '../../io/command-error.js';
import { alive } from '../../io/terminal.js';
import { authMethodName, isMutualTls } from '../../settings/auth-methods.js';
import { readCredentials } from '../../settings/credentials.js';
import { serviceOptions } from '../../settings/service-options.js';
import { requiredServer, type Settings } from '../../settings/settings.js';
import { certificateFetch } from '../call/certificate-fetch.js';
import { checkApi } from './checks/api.js';
import { checkCertificate } from './checks/certificate.js';
import { checkClock } from './checks/clock.js';
import { checkWay } from './checks/connection.js';
import { checkGrant, checkLifetime, checkScope } from './checks/grant.js';
import { checkAuthMethod, checkMetadata, type ServerFacts } from './checks/metadata.js';
import { checkCredentials, checkSettings } from './checks/settings.js';
import type { Finding } from './finding.js';
import { reasonsForInvalidClient, tryMethods } from './invalid-client.js';
import { type Witness, witness } from './reply-recorder.js';

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
  const { made, findings: flaws } = await checkCredentials(async () => {
    const credentials = await readCredentials(settings, context);
    return { credentials, service: await serviceOptions(settings, credentials) };
  });
  yield* flaws;
  if (made === undefined) return;

  const { credentials, service } = made;
  const seen = witness(context.clock);
  // Presented wherever it would be: a server may take no connection without it.
  const { certificate, key } = credentials;
  const isPresented = isMutualTls(settings);
  const { secureContext } = isPresented ? clientCertificate(certificate, key, undefined) : {};
  if (isPresented) yield* checkCertificate(certificate, context.clock.now());
  const facts = yield* findServer(settings, { seen, secureContext }, context);
  if (facts === undefined) return;

  const { signal, clock } = context;
  const clientAuthentication = seen.watched(service.clientAuthentication);
  const options = { ...service, clientAuthentication, retry: { retries: 0 }, fetch: seen.fetch, clock };
  const open = (more: Partial<TokenServiceOptions> = {}) => createTokenService({ ...options, ...more });
  const reasons = async () => {
    const { clientId } = options;
    const prepared = await clientAuthentication.prepare(clientId, facts);
    return reasonsForInvalidClient({ prepared, credentials, clientId, facts, triesMethods });
  };
  const ask = () => checkGrant(open(), { signal, reasons });
  const { token, refusal, findings } = await alive('asking for a token', context, ask);
  yield* checkClock(seen.replies);
  yield* findings;
  if (refusal === 'invalid_client' && triesMethods) {
    yield* tryMethods({ ...options, settings, credentials, facts, open, signal });
  }
  if (token === undefined) return;

  yield* checkScope(settings.scope?.value, token.scope);
  yield* checkLifetime(token, seen.replies.at(-1)?.saysLifetime === true);
  if (api === undefined) return;
  if (yield* isBad(await checkWay(api, exitCodes.apiUnreachable, context, secureContext))) return;
  const fetch = secureContext && certificateFetch(credentials);
  yield* await alive(`calling ${api.host}`, context, () => checkApi(api, token, { signal, fetch }));
}

/** What the authorization server says of itself; `undefined` when it cannot be asked. */
async function* findServer(
  settings: Settings,
  { seen, secureContext }: { readonly seen: Witness; readonly secureContext: SecureContext | undefined },
  context: CommandContext,
): AsyncGenerator<Finding, ServerFacts | undefined> {
  const { issuer } = settings;
  const { serverUnreachable } = exitCodes;
  const url = new URL(requiredServer(settings));
  if (yield* isBad(await checkWay(url, serverUnreachable, context, secureContext))) return undefined;
  if (issuer === undefined) return { issuer: url.href, token_endpoint: url.href };

  const { clock, signal } = context;
  const server = authorizationServer({ issuer: issuer.value, timeoutMs: 5_000, fetch: seen.fetch, clock });
  const ask = () => checkMetadata(issuer.value, () => abortable(server.metadata(), signal));
  const { facts, findings } = await alive('asking for the metadata', context, ask);
  yield* findings;
  if (facts === undefined || (yield* isBad(checkAuthMethod(facts, authMethodName(settings))))) return undefined;

  // RFC 8705 §5
  const alias = secureContext && facts.mtls_endpoint_aliases?.token_endpoint;
  const endpoint = new URL(alias ?? facts.token_endpoint ?? issuer.value);
  const isElsewhere = endpoint.origin !== url.origin;
  if (isElsewhere && (yield* isBad(await checkWay(endpoint, serverUnreachable, context, secureContext))))
    return undefined;
  return facts;
}

function* isBad(findings: readonly Finding[]): Generator<Finding, boolean> {
  yield* findings;
  return findings.some(({ verdict }) => verdict === 'bad');
}
