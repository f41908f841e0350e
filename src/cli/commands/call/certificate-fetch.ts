import { clientCertificate } from '../../../authentication/client-certificate.js';
import { tlsFetch } from '../../../authentication/tls-fetch.js';
import type { Credentials } from '../../settings/auth-methods.js';

/**
 * A fetch for APIs that presents the certificate of the client, which its tokens are bound to (RFC 8705 §3). By http, which
 * is to this machine only, there is nobody to present it to.
 * @throws {ConfigurationError} when certificate or key is malformed, or they do not belong together
 */
export function certificateFetch({ certificate, key }: Credentials): typeof fetch {
  const presenting = tlsFetch(clientCertificate(certificate, key, undefined).secureContext);
  return (input, init) => {
    const { protocol } = new URL(input instanceof Request ? input.url : input);
    return (protocol === 'https:' ? presenting : fetch)(input, init);
  };
}
