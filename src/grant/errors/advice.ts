import { cleanText } from '../../core/clean-text.js';
import { concernsClient, isOfAnotherEndpoint } from './error-response.js';

/** The facts about a rejected grant. */
export interface Rejection {
  readonly status: number;
  /** The error code (RFC 6749 §5.2). */
  readonly error: string | undefined;
  /** The requested scope. */
  readonly scope: string | undefined;
  /** Why correct credentials may be rejected. */
  readonly hint?: string | undefined;
  /** The name of the grant. @default 'client credentials grant' */
  readonly grantName?: string | undefined;
  /** The advice if the assertion or the subject token is rejected. */
  readonly inputHint?: string | undefined;
  /** Whether the request carried a DPoP proof (RFC 9449 §5). */
  readonly usesDpop?: boolean | undefined;
}

/** The advice for a rejected grant. */
export function adviceFor(rejection: Rejection): string {
  const { status, error, hint } = rejection;
  const advice = [reason(rejection), concernsClient(status, error) ? hint : undefined, dpopAdvice(rejection)];
  return advice.filter(Boolean).join('; ');
}

function reason({
  status,
  error,
  scope,
  inputHint,
  grantName = 'client credentials grant',
}: Rejection): string | undefined {
  if (status === 407) return 'a proxy asks for credentials; give them to the "fetch" that this service uses';
  switch (error) {
    case 'invalid_client':
      return checkClient;
    case 'unauthorized_client':
      if (status === 401) return `${checkClient}; or the ${grantName} is not enabled for this client`;
      return `the ${grantName} must be enabled for this client; some servers also report a wrong secret in this way`;
    case 'unsupported_grant_type':
      return `the ${grantName} must be enabled for this client`;
    case 'invalid_scope':
      return scope === undefined
        ? 'this client must request a scope: set "scope"'
        : `the scope "${cleanText(scope)}" is unknown or not allowed for this client`;
    case 'invalid_target':
      return 'check "resource" and "audience": this client is not allowed to request a token for them';
    case 'invalid_grant':
      return inputHint ?? requestOrClient(status, error);
    case 'invalid_request':
    case 'access_denied':
      return requestOrClient(status, error);
    case 'invalid_dpop_proof':
    case 'use_dpop_nonce':
      return undefined;
    default:
      // Web frameworks respond to a wrong path with JSON that has a member "error".
      return status >= 400 && (error === undefined || isOfAnotherEndpoint(status))
        ? 'check that this is the token endpoint, and the client id and secret'
        : requestOrClient(status, error);
  }
}

// Some servers report a wrong client id or secret with these codes or with one of their own, most of them with a 401.
function requestOrClient(status: number, error: string | undefined): string {
  if (!concernsClient(status, error)) return checkRequest;
  return status === 401
    ? `${checkClient}; or ${checkRequest}`
    : `${checkRequest}; some servers also report a wrong client id or secret in this way`;
}

const checkClient =
  'check the client id and the secret, and which client authentication method is registered for this client';
const checkRequest =
  'check "scope", "resource", "audience" and "parameters" against what this authorization server expects';

// Some servers report a missing or rejected proof as invalid_grant, and some gateways with a 403.
function dpopAdvice({ status, error, usesDpop = false }: Rejection): string | undefined {
  const isCertain = error === 'invalid_dpop_proof' || error === 'use_dpop_nonce';
  if (!usesDpop) {
    if (isCertain) return 'this client must use DPoP: set "dpop"';
    return error === 'invalid_grant' ? 'some servers report in this way that DPoP is required: set "dpop"' : undefined;
  }
  if (!isCertain && error !== 'invalid_grant' && status !== 403) return undefined;
  return (
    `the DPoP proof ${isCertain ? 'was' : 'may have been'} rejected: check the clock of this machine, the URL of the token ` +
    'endpoint, and whether the server accepts the algorithm of the keys'
  );
}
