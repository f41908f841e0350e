import type { AccessToken } from '../../../../core/access-token.js';
import { readable } from '../../../../grant/errors/redaction.js';
import { CommandError } from '../../../io/command-error.js';
import { adviceFor, rejectedByApi } from '../../call/api-rejection.js';
import { type ApiRequest } from '../../call/api-request.js';
import { sendRequest, type SendRequestOptions } from '../../call/send-request.js';
import { fail, type Finding, pass, warn } from '../finding.js';

/** Checks whether the API accepts the token, and explains its challenge (RFC 6750 §3). */
export async function checkApi(url: URL, token: AccessToken, options: SendRequestOptions): Promise<Finding[]> {
  const request: ApiRequest = { method: 'GET', url, headers: [], body: undefined };
  try {
    // The source always returns the same token, so a rejected request is not resent.
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
    const target = readable(response.headers.get('location') ?? 'an unknown URL', [token.value]);
    return warn(
      `${url.href} redirects to ${target} (${status})`,
      'use that URL: a token is not sent to another origin after a redirect',
    );
  }
  const call = { response, url, token };
  const { message, advice, exitCode } = rejectedByApi(call);
  if (status === 429) return warn(message, advice);
  const isRejected = status === 401 || status === 403;
  if (!isRejected && status < 500) {
    return pass(`${url.href} responded with ${status}${status < 300 ? '' : ', probably not because of the token'}`);
  }
  return fail(message, adviceFor(call) ?? (await audienceOf(token, url)), exitCode);
}

async function audienceOf({ value }: AccessToken, { origin }: URL): Promise<string> {
  const { decodeJwt } = await import('jose');
  try {
    const { aud = null, iss = null } = decodeJwt(value);
    const audience = `the token has the audience ${textOf(aud)} and the issuer ${textOf(iss)}`;
    return `${audience}: if ${origin} expects another audience, set --audience or --resource`;
  } catch {
    return 'check that this API accepts tokens of this authorization server; it may need --audience or --resource';
  }
}

/** A claim, for a message. */
const textOf = (claim: unknown): string =>
  [claim]
    .flat()
    .slice(0, 10)
    .map((each) => (typeof each === 'string' ? `"${readable(each, [])}"` : 'none'))
    .join(', ');
