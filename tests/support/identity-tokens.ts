import { cleanUp } from './clean-up.js';

/** Claims of an identity token. */
export type Claims = Readonly<Record<string, unknown>>;

/** A JWT with these claims. Its signature is not valid: sources of identity tokens do not check it. */
export const unsignedJwt = (claims: Claims): string =>
  [{ alg: 'ES256', typ: 'JWT' }, claims, { signature: true }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');

/** Sets environment variables for one test; `undefined` removes one. */
export function setVariables(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    const set = (text: string | undefined): void => {
      if (text === undefined) delete process.env[name];
      else process.env[name] = text;
    };
    set(value);
    cleanUp(() => set(before));
  }
}
