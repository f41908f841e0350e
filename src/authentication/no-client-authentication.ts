import { asClientAuthentication, type ClientAuthentication } from './client-authentication.js';

/**
 * Sends the identifier of the client, if it has one, and no proof of it: `none` (RFC 6749 §3.2.1). Only for grants that
 * are based on an assertion or a token.
 */
export const noClientAuthentication = (): ClientAuthentication =>
  asClientAuthentication({
    method: 'none',
    fingerprint: async () => '',
    prepare: async (clientId) => ({
      method: 'none',
      authenticate(_server, _client, body) {
        if (clientId !== '') body.set('client_id', clientId);
      },
      secrets: [],
      fingerprint: '',
    }),
  });
