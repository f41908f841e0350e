import type { AccessToken } from '../../../../core/access-token.js';
import { CommandError } from '../../../io/command-error.js';
import { type ApiRequest } from '../../call/api-request.js';
import { rejectedByApi, sendRequest, type SendRequestOptions } from '../../call/send-request.js';
import { fail, type Finding, pass, warn } from '../finding.js';

/** Checks whether the API accepts the token, and explains its challenge (RFC 6750 §3). */
export async function checkApi(url: URL, token: AccessToken, options: SendRequestOptions): Promise<Finding[]> {
  const request: ApiRequest = { method: 'GET', url, headers: [], body: undefined };
  try {
    // Always the same token: no resend.
    const response = await sendRequest(request, { getToken: () => Promise.resolve(token) }, options);
    await response.body?.cancel();
    return [await judge(response, url, token)];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [fail(error.message, error.advice, error.exitCode)];
  }
}

async function judge(response: Response, url: URL, token: AccessToken): Promise<Finding> {
  const { status } = response;
  if (status >= 300 && status < 400) {
    const target = response.headers.get('location') ?? 'an unknown URL';
    return warn(
      `${url.href} redirects to ${target} (${status})`,
      'use that URL: a token is not sent to another origin after a redirect',
    );
  }
  const isRejected = status === 401 || status === 403;
  if (!isRejected && status < 500) {
    return pass(`${url.href} responded with ${status}${status < 300 ? '' : ', which is probably not about the token'}`);
  }
  const { message, advice, exitCode } = rejectedByApi(response, url);
  return fail(message, status === 401 ? await adviceFor(token, url) : advice, exitCode);
}

async function adviceFor({ value }: AccessToken, { origin }: URL): Promise<string> {
  const { decodeJwt } = await import('jose');
  try {
    const { aud = null, iss = null } = decodeJwt(value);
    const audience = `the token has the audience ${JSON.stringify(aud)} and the issuer ${JSON.stringify(iss)}`;
    return `${audience}: if ${origin} expects another audience, set --audience or --resource`;
  } catch {
    return 'check that this API accepts tokens of this authorization server; it may need --audience or --resource';
  }
}
