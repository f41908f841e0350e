import { type ClientRequest, OutgoingMessage } from 'node:http';

/**
 * Removes the headers from a request object after they are sent: the responses and errors of got refer to this object, so a log
 * could show them. Node.js has no public method for this.
 */
export function removeHeadersAfterSend(request: ClientRequest): ClientRequest {
  for (const event of ['finish', 'response', 'error', 'close']) request.once(event, () => removeHeaders(request));
  request.once('error', () => {
    // The text of a request that could not be sent, before and after the socket got it.
    Object.assign(request, { outputData: [] });
    Object.assign(request.socket ?? {}, { _pendingData: null });
  });
  return request;
}

function removeHeaders(clientRequest: object) {
  const request: { _header?: unknown; [kOutHeaders]?: unknown } = clientRequest;
  // The text that was sent. Node.js takes a request with an empty text for one that is not sent yet, so keep the first line.
  if (typeof request._header === 'string')
    request._header = request._header.slice(0, request._header.indexOf('\r\n') + 2);
  const headers = request[kOutHeaders] as Record<string, unknown> | null | undefined;
  if (headers) delete headers['authorization'];
}

const kOutHeaders: unique symbol = Object.getOwnPropertySymbols(new OutgoingMessage()).find(
  ({ description }) => description === 'kOutHeaders',
) as never;
