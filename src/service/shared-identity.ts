import { authenticatorOf, type ClientAuthentication } from '../authentication/client-authentication.js';
import type { EventSink } from '../core/events.js';
import { hrefOf } from '../core/insecure-url.js';
import { dpopKeyOf } from '../grant/dpop.js';
import { clientCredentialsType } from '../grant/grants.js';
import type { GrantTypeMembers } from '../grant/grant-type.js';
import { type SharedTokens, sharedTokens } from '../stores/shared-tokens.js';
import type { TokenServiceOptions } from './options.js';

interface SharedTokensContext {
  readonly clientAuthentication: ClientAuthentication;
  readonly grantType: GrantTypeMembers;
  readonly onEvent: EventSink;
}

/** The tokens that this service shares with replicas of the same identity, certificate and DPoP key. */
export function sharedTokensOf(
  { store, issuer, tokenEndpoint, protectedResource, clientId, keepMembers = [], dpop, clock }: TokenServiceOptions,
  { clientAuthentication, grantType, onEvent }: SharedTokensContext,
): SharedTokens | undefined {
  const authenticator = authenticatorOf(clientAuthentication);
  const key = dpop && dpopKeyOf(dpop);
  const urls = [issuer, tokenEndpoint].map((url) => url && hrefOf(url));
  const grant = grantType === clientCredentialsType ? [] : [grantType.name];
  const api = protectedResource === undefined ? [] : [`protected resource ${hrefOf(protectedResource)}`];
  const identity = [...urls, ...api, clientId, authenticator.method, ...grant, ...keepMembers.toSorted()];
  const isSenderConstrained = authenticator.certificateThumbprint !== undefined || key !== undefined;
  const currentConstraint = async () => ({
    certificateThumbprint: await authenticator.certificateThumbprint?.(),
    ...(await key?.binding()),
    thumbprint: await key?.thumbprint(),
  });
  const senderConstraint = isSenderConstrained ? currentConstraint : undefined;
  return store && sharedTokens({ store, identity, subject: grantType.subject, senderConstraint, clock, onEvent });
}
