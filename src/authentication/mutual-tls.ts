import type { Agent, RequestOptions } from 'node:https';

import { LRUCache } from 'lru-cache';
import type { ServerMetadata } from 'openid-client';

import { checkOptions, objectWith, stringOrFunction, stringOrStrings } from '../core/check-options.js';
import { cleanIssuer, cleanText } from '../core/clean-text.js';
import { ConfigurationError } from '../core/errors.js';
import {
  asClientAuthentication,
  authenticatorOf,
  type ClientAuthentication,
  type PreparedAuthentication,
} from './client-authentication.js';
import {
  type ClientCertificate,
  clientCertificate,
  type ClientCertificateOptions,
  loadCertificate,
} from './client-certificate.js';
import { checkSecret, fingerprintOf } from './secret.js';
import { supportedMethod } from './supported-method.js';
import { tlsFetch } from './tls-fetch.js';

/** Client authentication with a certificate, and an agent that presents the same certificate to resource servers. */
export interface MutualTls extends ClientAuthentication {
  /**
   * Presents the certificate that the current tokens are bound to (RFC 8705 §3), also after a rotation:
   * `axios.create({ httpsAgent: authentication.agent })`. Before the first token it presents none. The token service
   * selects the certificate; without a token service, `tokenCache({ certificate: authentication })` does.
   */
  readonly agent: Agent;
}

/** Options of {@link mutualTls}. */
export interface MutualTlsOptions extends ClientCertificateOptions {
  /**
   * Another way to authenticate the client, for example `privateKeyJwt({ key })`. The certificate then only binds the
   * tokens (RFC 8705 §3).
   */
  readonly clientAuthentication?: ClientAuthentication | undefined;
}

/** More than one certificate is in use only during a rotation. */
const maxCertificates = 3;

/**
 * Authenticates with a client certificate: `tls_client_auth` or `self_signed_tls_client_auth`. Token requests use
 * `node:https` instead of the option `fetch`, and the endpoints for mutual TLS if the metadata have any.
 * @throws {ConfigurationError} if certificate or key is malformed, or they do not belong together
 * @see [RFC 8705 §2](https://www.rfc-editor.org/rfc/rfc8705#section-2)
 * @example
 * ```ts
 * import { fromFile, mutualTls, tokenServiceFromEnvironment } from 'm2m-tokens';
 *
 * const certificate = { certificate: fromFile('/tls/tls.crt'), key: fromFile('/tls/tls.key') };
 * const tokens = tokenServiceFromEnvironment({ clientAuthentication: mutualTls(certificate) });
 * ```
 */
export function mutualTls(options: MutualTlsOptions): MutualTls {
  checkOptions('mutualTls', options, {
    certificate: stringOrFunction,
    key: stringOrFunction,
    ca: stringOrStrings,
    clientAuthentication: objectWith('prepare', 'fingerprint'),
  });
  const { certificate, key, ca } = options;
  const inner = options.clientAuthentication && authenticatorOf(options.clientAuthentication);
  checkSecret('mutualTls', certificate, 'certificate');
  checkSecret('mutualTls', key, 'key');
  const isFixed = typeof certificate === 'string' && typeof key === 'string';
  const fixed = isFixed ? clientCertificate(certificate, key, ca) : undefined;

  const loaded = new LRUCache<string, ClientCertificate>({ max: maxCertificates });
  let presented: string | undefined;
  // Loaded on demand: only mutual TLS needs it.
  const https = process.getBuiltinModule('node:https');
  class CertificateAgent extends https.Agent {
    // Requests with the same name share connections, so the name includes the certificate.
    override getName(request?: RequestOptions): string {
      return `${super.getName(request)}:${presented ?? ''}`;
    }
  }
  const agent = new CertificateAgent({ keepAlive: true, scheduling: 'lifo', timeout: 5_000 });

  async function load(): Promise<ClientCertificate> {
    const found = fixed ?? (await loadCertificate(options));
    const known = loaded.get(found.thumbprint) ?? found;
    loaded.set(known.thumbprint, known);
    return known;
  }

  const clientAuthentication = asClientAuthentication({
    method: inner === undefined ? 'tls_client_auth' : inner.method,
    async fingerprint() {
      const certificates = (await Promise.all([certificate, key].map(fingerprintOf))).join(' ');
      return `${(await inner?.fingerprint()) ?? ''} ${certificates}`.trim();
    },
    certificateThumbprint: async () => presented ?? (await load()).thumbprint,
    useCertificate(thumbprint) {
      const known = thumbprint === undefined ? undefined : loaded.get(thumbprint);
      if (known === undefined) return;
      presented = known.thumbprint;
      agent.options.secureContext = known.secureContext;
    },
    async prepare(clientId, server, context = {}) {
      if (context.requireSenderConstraint && server.tls_client_certificate_bound_access_tokens !== true) {
        throw new ConfigurationError(
          `${cleanIssuer(server.issuer)} does not bind tokens to certificates: the profile "fapi2" requires "dpop"`,
        );
      }
      const presenting = await load();
      const { secureContext, thumbprint, expiresAt } = presenting;
      const prepared = await (inner?.prepare(clientId, server, context) ?? byCertificate(server, presenting));
      return {
        method: prepared.method,
        authenticate: prepared.authenticate,
        credentials: [
          { facts: { credential: 'certificate', expiresAt }, fingerprint: thumbprint },
          ...(prepared.credentials ?? []),
        ],
        // A getter, because each send of the request may add an assertion.
        get secrets() {
          return prepared.secrets;
        },
        fingerprint: `${prepared.fingerprint} ${thumbprint}`.trim(),
        hint: prepared.hint,
        fetch: tlsFetch(secureContext),
        certificateThumbprint: thumbprint,
      };
    },
  });
  return Object.assign(clientAuthentication, { agent });
}

function byCertificate(server: ServerMetadata, { thumbprint, subject }: ClientCertificate): PreparedAuthentication {
  return {
    method: supportedMethod(server, 'tls_client_auth', 'self_signed_tls_client_auth'),
    authenticate: (_server, client, body) => body.set('client_id', client.client_id),
    secrets: [],
    fingerprint: '',
    hint: `the certificate of ${cleanText(subject)} was presented (x5t#S256 ${thumbprint}): check that it is registered`,
  };
}
