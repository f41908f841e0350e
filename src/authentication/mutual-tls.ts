import type { Agent } from 'node:https';

import { checkOptions, stringOrFunction, stringOrStrings } from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';
import {
  type ClientCertificate,
  clientCertificate,
  type ClientCertificateOptions,
  loadCertificate,
} from './client-certificate.js';
import type { ClientAuthentication } from './client-secret.js';
import { checkSecret, fingerprintOf } from './secret.js';
import { supportedMethod } from './supported-method.js';
import { tlsFetch } from './tls-fetch.js';

/** Client authentication by certificate, and what is needed to present the same one to an API. */
export interface MutualTls extends ClientAuthentication {
  /**
   * Presents the certificate that the tokens in use are bound to (RFC 8705 §3), also after it was renewed:
   * `axios.create({ httpsAgent: authentication.agent })`. It has none to present before there is a token; who composes layers
   * tells it by `withCache({ onBinding: authentication.present })`.
   */
  readonly agent: Agent;
}

/** More than one is in use only while certificates are replaced. */
const maxCertificates = 3;

/**
 * Proves who the client is by the certificate of its connection: `tls_client_auth` or `self_signed_tls_client_auth`
 * (RFC 8705 §2). The token request goes over `node:https`, not through the option `fetch`.
 * @throws {ConfigurationError} when certificate or key is malformed, or they do not belong together
 */
export function mutualTls(options: ClientCertificateOptions): MutualTls {
  checkOptions('mutualTls', options, { certificate: stringOrFunction, key: stringOrFunction, ca: stringOrStrings });
  const { certificate, key, ca } = options;
  checkSecret('mutualTls', certificate, 'certificate');
  checkSecret('mutualTls', key, 'key');
  const isFixed = typeof certificate === 'string' && typeof key === 'string';
  const fixed = isFixed ? clientCertificate(certificate, key, ca) : undefined;

  const loaded = new Map<string, ClientCertificate>();
  let presented: string | undefined;
  // Node's https is loaded by whoever has a certificate: most clients have a secret.
  const https = process.getBuiltinModule('node:https');
  const agent = new https.Agent({ keepAlive: true, scheduling: 'lifo', timeout: 5_000 });
  const nameOf = agent.getName.bind(agent);
  // Connections are shared by name: none that was made with another certificate is used.
  agent.getName = (about) => `${nameOf(about)}:${presented ?? ''}`;

  async function load(): Promise<ClientCertificate> {
    const found = fixed ?? (await loadCertificate(options));
    const known = loaded.get(found.thumbprint) ?? found;
    loaded.delete(known.thumbprint);
    loaded.set(known.thumbprint, known);
    const [oldest] = loaded.keys();
    if (loaded.size > maxCertificates && oldest !== undefined) loaded.delete(oldest);
    return known;
  }

  return {
    agent,
    method: 'tls_client_auth',
    fingerprint: async () => (await Promise.all([certificate, key].map(fingerprintOf))).join(' ').trim(),
    certificateThumbprint: async () => presented ?? (await load()).thumbprint,
    useCertificate(thumbprint) {
      const known = thumbprint === undefined ? undefined : loaded.get(thumbprint);
      if (known === undefined) return;
      presented = known.thumbprint;
      agent.options.secureContext = known.secureContext;
    },
    async prepare(_clientId, server, { requireSenderConstraint = false } = {}) {
      const method = supportedMethod(server, 'tls_client_auth', 'self_signed_tls_client_auth');
      if (requireSenderConstraint && server.tls_client_certificate_bound_access_tokens !== true) {
        throw new ConfigurationError(
          `${server.issuer} binds no tokens to certificates: the profile "fapi2" needs "dpop"`,
        );
      }
      const { secureContext, thumbprint, subject } = await load();
      return {
        method,
        authenticate: (_server, client, body) => body.set('client_id', client.client_id),
        secrets: [],
        fingerprint: thumbprint,
        hint: `the certificate of ${subject} was presented (x5t#S256 ${thumbprint}); is it registered?`,
        fetch: tlsFetch(secureContext),
        certificateThumbprint: thumbprint,
      };
    },
  };
}
