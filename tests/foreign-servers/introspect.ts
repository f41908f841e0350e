import { introspectingClient } from './clients.js';

/** Introspects a token (RFC 7662 §2.1) with the credentials of {@link introspectingClient}, or with others. */
export async function introspect(endpoint: string, token: string, authorization = basic): Promise<unknown> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams({ token }),
  });
  if (!response.ok) throw new Error(`${endpoint} answered ${response.status}`);
  return response.json();
}

const { client_id: id, client_secret: secret } = introspectingClient;
const basic = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
