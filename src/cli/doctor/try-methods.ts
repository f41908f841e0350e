import type { ClientAuthentication } from '../../grant/client-authentication.js';
import type { Secret } from '../../grant/secret.js';
import type { TokenSource } from '../../token-source.js';
import { authMethods } from '../settings/auth-methods.js';
import { checkGrant } from './check-grant.js';
import type { ServerFacts } from './check-metadata.js';
import type { Finding } from './finding.js';

/** How {@link tryMethods} goes about it. */
export interface TryMethodsOptions {
  readonly clientId: string;
  readonly secret: Secret;
  readonly facts: ServerFacts;
  /** The one that was refused already. */
  readonly clientAuthentication: ClientAuthentication;
  readonly open: (options: { readonly clientAuthentication: ClientAuthentication }) => TokenSource;
  readonly signal: AbortSignal;
}

/** Makes a grant by each other method, until one works; those that would send the same as one before are left out. */
export async function* tryMethods({
  clientId,
  secret,
  facts,
  clientAuthentication: refused,
  open,
  signal,
}: TryMethodsOptions): AsyncGenerator<Finding, void> {
  const whatIsSent = async (authentication: ClientAuthentication): Promise<string> => {
    const { method, secrets } = await authentication.prepare(clientId, facts);
    return JSON.stringify([method, secrets]);
  };
  const sent = new Set([await whatIsSent(refused)]);

  for (const [name, make] of Object.entries(authMethods)) {
    const clientAuthentication = make(secret);
    const content = await whatIsSent(clientAuthentication);
    if (sent.has(content)) continue;
    sent.add(content);

    const tokens = open({ clientAuthentication });
    const { token, findings } = await checkGrant(tokens, { signal, reasons: () => Promise.resolve(['refused, too']) });
    if (token !== undefined) {
      yield { verdict: 'good', what: `${name} works`, advice: `set --auth-method ${name}, or OAUTH_AUTH_METHOD` };
      return;
    }
    for (const finding of findings) yield { ...finding, what: `${name}: ${finding.what}` };
  }
}
