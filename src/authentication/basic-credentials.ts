/** How id and secret are encoded before they are joined. */
export type BasicEncoding = 'minimal' | 'form' | 'raw';

/** What goes into an `Authorization` header of the scheme Basic. */
export interface BasicCredentials {
  /** Base64, ready to be sent. */
  readonly credentials: string;
  /** The secret as it is in them: who decodes the base64 only sees this, and may repeat it. */
  readonly encodedSecret: string;
  /** Whether they hold a character that servers read in different ways. */
  readonly isAmbiguous: boolean;
}

/** The names of the encodings. */
export const basicEncodings: readonly string[] = ['minimal', 'form', 'raw'];

/** Encodes id and secret and joins them (RFC 6749 §2.3.1, RFC 7617 §2). */
export function basicCredentials(clientId: string, clientSecret: string, encoding: BasicEncoding): BasicCredentials {
  const encode = encoders[encoding];
  const encodedSecret = encode.secret(clientSecret);
  const pair = `${encode.id(clientId)}:${encodedSecret}`;
  const careful = encoding === 'form' ? encoders.form : encoders.minimal;
  return {
    credentials: Buffer.from(pair, 'utf8').toString('base64'),
    encodedSecret,
    isAmbiguous: careful.id(clientId) !== clientId || careful.secret(clientSecret) !== clientSecret,
  };
}

interface Encoder {
  id(clientId: string): string;
  secret(clientSecret: string): string;
}

// %20 and not + for a space: servers that decode percent-encoding only read it too.
function percentEncode(value: string, misread: RegExp): string {
  return value.toWellFormed().replace(misread, encodeURIComponent);
}

const form = (value: string): string => new URLSearchParams({ value }).toString().slice('value='.length);
const raw = (value: string): string => value;

const encoders: Readonly<Record<BasicEncoding, Encoder>> = {
  minimal: {
    id: (clientId) => percentEncode(clientId, /[^\x21-\x7e]|[%+:]/gu),
    secret: (clientSecret) => percentEncode(clientSecret, /[^\x21-\x7e]|[%+]/gu),
  },
  form: { id: form, secret: form },
  raw: { id: raw, secret: raw },
};
