import type { AccessToken } from '../../../../core/access-token.js';
import { CommandError } from '../../../io/command-error.js';
import { type ApiRequest } from '../../call/api-request.js';
import { refusedByApi, sendRequest, type SendRequestOptions } from '../../call/send-request.js';
import { bad, doubtful, type Finding, good } from '../finding.js';

/** What the API answers to the token, and what its challenge says (RFC 6750 §3). */
export async function checkApi(url: URL, token: AccessToken, options: SendRequestOptions): Promise<Finding[]> {
  const request: ApiRequest = { method: 'GET', url, headers: [], body: undefined };
  try {
    // The same token again is no reason to send it again.
    const reply = await sendRequest(request, { getToken: () => Promise.resolve(token) }, options);
    await reply.body?.cancel();
    return [await judge(reply, url, token)];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [bad(error.message, error.advice, error.exitCode)];
  }
}

async function judge(reply: Response, url: URL, token: AccessToken): Promise<Finding> {
  const { status } = reply;
  if (status >= 300 && status < 400) {
    const target = reply.headers.get('location') ?? 'nowhere';
    return doubtful(
      `${url.href} answered ${status}, to ${target}`,
      'use that URL: a token does not follow redirects to elsewhere',
    );
  }
  const isRefused = status === 401 || status === 403;
  if (!isRefused && status < 500) {
    return good(`${url.href} answered ${status}${status < 300 ? '' : ': not because of the token, by its looks'}`);
  }
  const { message, advice, exitCode } = refusedByApi(reply, url);
  const why = status === 401 ? await reasonsOf(token, url) : advice;
  return bad(message, why, exitCode);
}

async function reasonsOf({ value }: AccessToken, { origin }: URL): Promise<string> {
  const { decodeJwt } = await import('jose');
  try {
    const { aud, iss } = decodeJwt(value);
    const says = `the token is for ${JSON.stringify(aud ?? 'nobody')}, by ${JSON.stringify(iss ?? 'nobody')}`;
    return `${says}: if ${origin} wants another audience, set --audience or --resource`;
  } catch {
    return 'does this API take tokens of this authorization server? It may need an --audience or --resource';
  }
}
