import { parseObject } from './json.js';

/** The claims of a JWT, without a check of its signature (RFC 7519 §7.2); `undefined` if the text is no JWT. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload, ...rest] = token.split('.');
  if (payload === undefined || rest.length !== 1) return undefined;
  return parseObject(Buffer.from(payload, 'base64url').toString('utf8'));
}
