import { authenticatorOf } from '../../../authentication/client-authentication.js';
import type { SecureContext } from 'node:tls';

import { clientCertificate } from '../../../authentication/client-certificate.js';
import { noClientAuthentication } from '../../../authentication/no-client-authentication.js';
import { abortable } from '../../../core/abort.js';
import type { GrantRejectedError } from '../../../core/errors.js';
import { parseUrl } from '../../../core/secure-url.js';
import { authorizationServer } from '../../../grant/authorization-server.js';
import type { TokenServiceOptions } from '../../../service/options.js';
import { createTokenService } from '../../../service/token-service.js';
import type { CommandContext } from '../../context.js';
import { exitCodes } from '../../io/command-error.js';
import { withSpinner } from '../../io/spinner.js';
import { allowedUrl } from '../../settings/allowed-url.js';
import { authMethodName, isMutualTls, isUnauthenticated } from '../../settings/auth-methods.js';
import { readCredentials } from '../../settings/credentials.js';
import { serverOptions, serviceOptions } from '../../settings/service-options.js';
import { requiredServer, type Settings } from '../../settings/settings.js';
import { certificateFetch } from '../call/certificate-fetch.js';
import { checkApi } from './checks/api.js';
import { checkCertificate } from './checks/certificate.js';
import { checkClock } from './checks/clock.js';
import { checkReachability } from './checks/connection.js';
import { checkGrant, checkLifetime, checkScope } from './checks/grant.js';
import { checkHttp } from './checks/http.js';
import {
  checkAssertionAudience,
  checkIdentityToken,
  identityTokensOf,
  reasonsForRejectedToken,
} from './checks/identity.js';
import { checkAuthMethod, checkGrantType, checkMetadata, type ServerFacts } from './checks/metadata.js';
import { checkCredentials, checkSettings } from './checks/settings.js';
import type { Finding, Group, GroupedFinding } from './finding.js';
import { reasonsForRejectedClient, tryMethods } from './rejected-client.js';
import { type ResponseRecorder, responseRecorder } from './response-recorder.js';

/** The subject of a diagnosis. */
export interface DiagnosisSubject {
  readonly settings: Settings;
  /** A URL of the API. */
  readonly api: URL | undefined;
  /** Whether to try other client authentication methods after a rejection that may concern the client. */
  readonly triesMethods: boolean;
}

/** Runs one check after another and yields their findings. Stops at a failure that the next checks depend on. */
export async function* diagnose(
  subject: DiagnosisSubject,
  context: CommandContext,
): AsyncGenerator<GroupedFinding, void> {
  let group: Group = 'Configuration';
  for await (const each of checks(subject, context)) {
    if (typeof each === 'string') group = each;
    else yield { ...each, group };
  }
}

/** Yields the name of a group, then its findings. */
async function* checks(
  { settings, api, triesMethods }: DiagnosisSubject,
  context: CommandContext,
): AsyncGenerator<Group | Finding, void> {
  if (yield* report(checkSettings(settings))) return;
  const { made, findings: problems } = await checkCredentials(settings, async () => {
    const credentials = await readCredentials(settings, context);
    const tokens = await identityTokensOf(settings, credentials);
    return { credentials, tokens, service: await serviceOptions(settings, credentials) };
  });
  yield* problems;
  if (made === undefined) return;

  const { credentials, tokens, service } = made;
  for (const each of tokens) yield checkIdentityToken(each, context.clock.now());
  const recorder = responseRecorder(context.clock);
  // Each connection presents the certificate, because a server may reject a connection without one.
  const { certificate, key } = credentials;
  const usesCertificate = isMutualTls(settings);
  const { secureContext } = usesCertificate ? clientCertificate(certificate, key, undefined) : {};
  if (usesCertificate) yield* checkCertificate(certificate, context.clock.now());
  yield 'Authorization server';
  const facts = yield* checkServer(settings, { recorder, secureContext }, context);
  if (facts === undefined) return;
  for (const each of tokens) yield* checkAssertionAudience(each, facts);

  const { signal, clock } = context;
  const given = service.clientAuthentication;
  const clientAuthentication = given && recorder.record(given);
  const options = { ...service, clientAuthentication, retry: { retries: 0 }, fetch: recorder.fetch, clock };
  const open = (more: Partial<TokenServiceOptions> = {}) => createTokenService({ ...options, ...more });
  const reasons = async (rejection: GrantRejectedError) => {
    const { clientId = '' } = options;
    const prepared = await authenticatorOf(clientAuthentication ?? noClientAuthentication()).prepare(clientId, facts);
    return reasonsForRejectedClient({ rejection, prepared, settings, credentials, clientId, facts, triesMethods });
  };
  const { token, concernsClient, findings } = await withSpinner('requesting a token', context, () =>
    checkGrant(open(), {
      signal,
      reasons,
      tokenReasons: reasonsForRejectedToken(tokens, { facts, settings, now: clock.now() }),
    }),
  );
  yield* checkClock(recorder.responses);
  yield 'Token';
  yield* findings;
  const { clientId } = options;
  if (concernsClient && triesMethods && clientId !== undefined) {
    yield* tryMethods({ clientAuthentication, clientId, settings, credentials, facts, open, signal });
  }
  if (token === undefined) return;

  const { hasLifetime = false, hasScope = false } = recorder.responses.at(-1) ?? {};
  yield* checkScope({ requested: settings.scope?.value, granted: hasScope ? token.scope : undefined });
  yield* checkLifetime(token, hasLifetime);
  if (api === undefined) return;
  yield 'API';
  yield* checkHttp(settings, api);
  if (yield* report(await checkReachability(api, exitCodes.apiUnreachable, context, secureContext))) return;
  const origin = allowedUrl(settings, api.origin);
  const fetch = secureContext && certificateFetch(credentials);
  yield* await withSpinner(`calling ${api.host}`, context, () => checkApi(api, token, { signal, fetch, origin }));
}

/** Checks the authorization server and returns its metadata; `undefined` after a failure. */
async function* checkServer(
  settings: Settings,
  {
    recorder,
    secureContext,
  }: { readonly recorder: ResponseRecorder; readonly secureContext: SecureContext | undefined },
  context: CommandContext,
): AsyncGenerator<Finding, ServerFacts | undefined> {
  const { serverUnreachable, apiUnreachable } = exitCodes;
  const { issuer, tokenEndpoint, protectedResource, issuers } = serverOptions(settings);
  const name = requiredServer(settings);
  const url = new URL(name);
  yield* checkHttp(settings, url);
  const unreachable = protectedResource === undefined ? serverUnreachable : apiUnreachable;
  if (yield* report(await checkReachability(url, unreachable, context, secureContext))) return undefined;
  if (tokenEndpoint !== undefined) return { issuer: url.href, token_endpoint: url.href };

  const { clock, signal } = context;
  const urls = { issuer, protectedResource, issuers };
  const server = authorizationServer({ ...urls, timeoutMs: 5_000, fetch: recorder.fetch, clock });
  const kind = protectedResource === undefined ? 'issuer' : 'protected resource';
  const { facts, findings } = await withSpinner('reading the metadata', context, () =>
    checkMetadata({ kind, name }, () => abortable(server.metadata(), signal)),
  );
  yield* findings;
  if (facts === undefined) return undefined;
  yield* checkGrantType(facts, settings.grant?.value);
  // The metadata rarely list `none` for grants that are based on a token.
  const isListed = isUnauthenticated(settings) && settings.clientId === undefined;
  if (!isListed && (yield* report(checkAuthMethod(facts, authMethodName(settings))))) return undefined;

  // RFC 8705 §5
  const alias = secureContext && facts.mtls_endpoint_aliases?.token_endpoint;
  const endpoint = parseUrl(String(alias ?? facts.token_endpoint)) ?? url;
  if (endpoint.origin === url.origin) return facts;
  const hasFailed = yield* report(await checkReachability(endpoint, serverUnreachable, context, secureContext));
  return hasFailed ? undefined : facts;
}

/** Yields the findings and returns whether one of them is a failure. */
function* report(findings: readonly Finding[]): Generator<Finding, boolean> {
  yield* findings;
  return findings.some(({ verdict }) => verdict === 'fail');
}
