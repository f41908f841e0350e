/** The credentials of a client. */
export interface Client {
  readonly id: string;
  readonly secret: string;
}

/** Posts a token with the credentials of a client, for introspection (RFC 7662 §2.1) or revocation (RFC 7009 §2.1). */
export async function postToken(endpoint: string, token: string, { id, secret }: Client): Promise<Response> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
  });
  if (!response.ok) throw new Error(`${endpoint} responded with ${response.status}`);
  return response;
}
