/** A handwritten cache: one token until it expires. */
export function tokenByHand(value: string): () => Promise<string> {
  let token: string | undefined;
  let expiresAt = 0;

  return async () => {
    if (token !== undefined && Date.now() < expiresAt) return token;
    const granted = await Promise.resolve({ access_token: value, expires_in: 3600 });
    token = granted.access_token;
    expiresAt = Date.now() + granted.expires_in * 1_000;
    return token;
  };
}
