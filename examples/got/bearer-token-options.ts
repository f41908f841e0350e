// Options for `got.extend` that send tokens to one origin. The options of got, which its errors show, never hold a token.
import http, { type ClientRequest } from 'node:http';
import https from 'node:https';

import type { ExtendOptions, Response } from 'got';
import type { AccessToken, TokenSource } from 'm2m-tokens';

import { removeHeadersAfterSend } from './remove-headers.js';

export function bearerTokenOptions(tokens: TokenSource, origin: string): ExtendOptions {
  const sent = new WeakMap<object, AccessToken>();

  // got calls this for each redirect and each retry, with the URL of that request.
  async function request(url: URL, options: http.RequestOptions): Promise<ClientRequest> {
    const send = url.protocol === 'https:' ? https.request : http.request;
    const { signal, headers } = options as { signal?: AbortSignal; headers: http.OutgoingHttpHeaders };
    if (url.origin !== origin || headers['authorization'] !== undefined) return send(url, options);
    const token = await tokens.getToken(undefined, { signal });
    const clientRequest = send(url, { ...options, headers: { ...headers, authorization: token.authorization } });
    sent.set(clientRequest, token);
    return removeHeadersAfterSend(clientRequest);
  }

  async function resendOnce(response: Response, resend: (options: object) => unknown): Promise<Response> {
    const token = sent.get((response as { req?: ClientRequest }).req ?? {});
    if (response.statusCode !== 401 || token === undefined) return response;
    const other = await tokens.getToken(undefined, { replacing: token });
    return other.value === token.value ? response : (resend({}) as Response);
  }

  return { request, hooks: { afterResponse: [resendOnce] } };
}
