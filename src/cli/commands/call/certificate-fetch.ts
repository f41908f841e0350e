import { clientCertificate } from '../../../authentication/client-certificate.js';
import { tlsFetch } from '../../../authentication/tls-fetch.js';
import type { Credentials } from '../../settings/auth-methods.js';

/**
 * A `fetch` that presents the client certificate to APIs, for certificate-bound tokens (RFC 8705 §3). Requests by http, which
 * go only to this machine, present none.
 * @throws {ConfigurationError} if the certificate or the key is malformed, or the two do not match
 */
export function certificateFetch({ certificate, key }: Credentials): typeof fetch {
  const fetchWithCertificate = tlsFetch(clientCertificate(certificate, key, undefined).secureContext);
  return (input, init) => {
    const { protocol } = new URL(input instanceof Request ? input.url : input);
    return (protocol === 'https:' ? fetchWithCertificate : fetch)(input, init);
  };
}
