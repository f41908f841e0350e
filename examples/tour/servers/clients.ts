import { randomBytes } from 'node:crypto';

import type { Client } from './post-token.js';

/** The clients of the authorization server. */
export interface Clients {
  /** Gets tokens. */
  readonly service: Client;
  /** Gets tokens with a short lifetime. */
  readonly shortLived: Client;
  /** The API, which may introspect tokens. */
  readonly api: Client;
}

/** The lifetimes of tokens. */
export interface Lifetimes {
  readonly lifetimeSeconds: number;
  readonly shortLifetimeSeconds: number;
}

/** Clients with new secrets. */
export function newClients(): Clients {
  const newClient = (id: string): Client => ({ id, secret: randomSecret() });
  return {
    service: newClient('orders-service'),
    shortLived: newClient('short-lived-service'),
    api: newClient('orders-api'),
  };
}

/** A new secret. */
export const randomSecret = (): string => randomBytes(32).toString('base64url');
