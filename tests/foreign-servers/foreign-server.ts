import type { JsonWebKey } from 'node:crypto';

/** A client in the terms of RFC 7591 §2. */
export interface RegisteredClient {
  readonly client_id: string;
  readonly token_endpoint_auth_method: string;
  readonly client_secret?: string;
  readonly jwks?: { readonly keys: readonly JsonWebKey[] };
  readonly tls_client_auth_san_dns?: string;
}

/** A running authorization server of another project. */
export interface ForeignServer {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint: string;
  /** A URL of an API that accepts its tokens; `undefined` if the server has none. */
  readonly api?: string;
  /** Returns the introspection response for a token (RFC 7662 §2.2). */
  readonly introspect: (token: string) => Promise<unknown>;
  /** Ends the server and removes its data. */
  readonly stop: () => Promise<void>;
}
