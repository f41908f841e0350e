import type { TokenError } from 'm2m-tokens';

/** What to do about an error of the library. */
export const tokenAdvice: Readonly<Record<TokenError['code'], string>> = {
  ERR_CONFIGURATION: 'check OAUTH_ISSUER or OAUTH_TOKEN_ENDPOINT, OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET and API_URL',
  ERR_GRANT_REJECTED: 'check OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET and OAUTH_SCOPE against the authorization server',
  ERR_GRANT_UNAVAILABLE: 'check OAUTH_ISSUER or OAUTH_TOKEN_ENDPOINT, or try again later',
  ERR_TOKEN_RESPONSE: 'check that OAUTH_ISSUER or OAUTH_TOKEN_ENDPOINT is the URL of an authorization server',
};

/** What to do about the status of a response of the API. */
export function adviceFor(status: number): string {
  if (status === 401) return 'the API does not accept this token: check OAUTH_AUDIENCE, OAUTH_RESOURCE and the issuer';
  if (status === 403)
    return 'the token does not permit this request: check OAUTH_SCOPE and the permissions of the client';
  return status < 500 ? 'check the path of API_URL' : 'the API failed: try again later';
}
