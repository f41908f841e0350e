import type { AssertionSource } from '../grant/assertion-source.js';
import type { GrantType } from '../grant/grant-type.js';
import { jwtBearer } from '../grant/jwt-bearer.js';
import { tokenExchange } from '../grant/token-exchange.js';
import type { GrantName } from './grant-input.js';

/** The settings of a grant, from flags or environment variables. */
export interface GrantSettings {
  readonly name: GrantName;
  /** The source of the assertion or the subject token. */
  readonly input?: AssertionSource | undefined;
  readonly subjectTokenType?: string | undefined;
  readonly actorToken?: AssertionSource | undefined;
  readonly actorTokenType?: string | undefined;
  readonly requestedTokenType?: string | undefined;
}

/**
 * Makes the grant; `undefined` for the client credentials grant.
 * @throws {ConfigurationError} if a setting is missing or malformed
 */
export function grantOf({ name, input, ...settings }: GrantSettings): GrantType | undefined {
  switch (name) {
    case 'client_credentials':
      return undefined;
    case 'jwt_bearer':
      return jwtBearer({ assertion: input });
    case 'token_exchange':
      return tokenExchange({ ...settings, subjectToken: input } as Parameters<typeof tokenExchange>[0]);
  }
}
