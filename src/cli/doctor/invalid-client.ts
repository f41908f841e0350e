import type { PreparedAuthentication } from '../../grant/client-authentication.js';
import type { ServerFacts } from './check-metadata.js';

/** What is known when an `invalid_client` comes. */
export interface InvalidClientFacts {
  readonly prepared: PreparedAuthentication;
  readonly secret: string;
  readonly clientId: string;
  readonly facts: ServerFacts;
  /** Whether the other methods are tried next. */
  readonly triesMethods: boolean;
}

/** The likeliest reasons for an `invalid_client` (RFC 6749 §5.2), those that something speaks for first. */
export function reasonsForInvalidClient({
  prepared: { method, doubt },
  secret,
  clientId,
  facts: { token_endpoint_auth_methods_supported: supported },
  triesMethods,
}: InvalidClientFacts): readonly string[] {
  const isForeign = supported?.includes(method) === false;
  return [
    secret.trim() === secret ? undefined : 'the secret begins or ends with white space: copy it again',
    isForeign ? `it was sent by ${method}, but the server supports ${supported.join(', ')}` : undefined,
    doubt === undefined ? undefined : 'the id or the secret holds a character that servers read in different ways',
    `the secret is wrong, has expired or was replaced: make another one for "${clientId}"`,
    `"${clientId}" is unknown or disabled there: is it the right environment or tenant?`,
    isForeign ? undefined : `another method than ${method} is registered for this client`,
    triesMethods ? undefined : '--try-methods tries the other methods; each one counts as a failed sign-in',
  ].filter((reason) => reason !== undefined);
}
