import { tokenRevocation } from 'openid-client';

import type { AccessToken } from '../core/access-token.js';
import { ConfigurationError } from '../core/errors.js';
import type { InsecureUrl } from '../core/insecure-url.js';
import type { AuthorizationServer } from './authorization-server.js';
import { revocationError } from './errors/revocation-error.js';
import type { PreparedRequest, RequestPreparation } from './prepare-request.js';

/** Options of {@link revokeToken}. */
export interface RevokeTokenOptions {
  readonly server: AuthorizationServer;
  readonly tokenEndpoint: string | InsecureUrl | undefined;
  readonly clientId: string | undefined;
  readonly preparation: RequestPreparation;
}

type RevokeToken = (token: AccessToken, signal?: AbortSignal) => Promise<void>;

/** Revokes one token per call (RFC 7009 §2.1), with the client authentication of a grant. */
export function revokeToken({ server, tokenEndpoint, clientId, preparation }: RevokeTokenOptions): RevokeToken {
  const context = () => ({ authorizationServer: server.name, clientId });

  async function request(value: string, prepared: PreparedRequest, signal: AbortSignal | undefined): Promise<void> {
    if (prepared.metadata.revocation_endpoint === undefined) {
      const advice =
        tokenEndpoint !== undefined
          ? 'set "revocationEndpoint"'
          : 'its metadata name no "revocation_endpoint" (RFC 8414 §2)';
      throw new ConfigurationError(`${server.name} cannot revoke tokens: ${advice}`);
    }
    const { configuration, bounded } = preparation.configure(prepared, { signal });
    try {
      await tokenRevocation(configuration, value, { token_type_hint: 'access_token' });
    } catch (cause) {
      const secrets = [value, ...prepared.authentication.secrets];
      const { response, ignoredProxy } = bounded;
      throw revocationError(cause, { ...context(), secrets, response, ignoredProxy });
    }
  }

  const fail = (cause: unknown): never => {
    throw revocationError(cause, context());
  };

  return async ({ value }, signal) => {
    const prepare = (rejectedSecrets?: readonly string[]) => preparation.prepare(signal, rejectedSecrets);
    const prepared = await prepare().catch(fail);
    try {
      await request(value, prepared, signal);
    } catch (error) {
      const again = await preparation.prepareAgain(error, prepared, { signal, prepare }).catch(fail);
      if (again === undefined) throw error;
      await request(value, again, signal);
    }
  };
}
