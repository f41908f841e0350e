import { hash } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import { cleanText } from '../core/clean-text.js';
import { ConfigurationError } from '../core/errors.js';
import { hrefOf } from '../core/insecure-url.js';
import { requestKey } from '../core/token-request.js';
import type { TokenServiceOptions } from './options.js';

/** The clients of the token services, by the name of the service. */
export interface DistinctClients {
  /**
   * Records the client of a name, in place of its earlier one.
   * @throws {ConfigurationError} if another name has the same client with the same default token request
   */
  claim(name: string, options: TokenServiceOptions): void;
  /** The service of this name has left the memory. Its client is remembered for some time. */
  retire(name: string): void;
  /** Forgets the client of this name, so that another name may have it. */
  release(name: string): void;
}

/** So many names are remembered after their services have left the memory. They take about 3 MB. */
const maxRetired = 10_000;

/**
 * Finds a function `optionsOf` that returns the options of one tenant for another one: then the requests of one tenant
 * would carry the tokens of the other.
 */
export function distinctClients(): DistinctClients {
  const clients = new Map<string, string>();
  const names = new Map<string, string>();
  const retired = new LRUCache<string, true>({
    maxSize: maxRetired,
    sizeCalculation: () => 1,
    dispose: (_value, name, reason) => void (reason === 'evict' && forget(name)),
  });
  /** Grants with an assertion or a subject token of their own are different, also for the same client. */
  const grants = new WeakMap<object, number>();
  let lastGrant = 0;

  function forget(name: string): void {
    const client = clients.get(name);
    clients.delete(name);
    if (client !== undefined && names.get(client) === name) names.delete(client);
  }

  function numberOf(grant: object): number {
    const number = grants.get(grant) ?? (lastGrant += 1);
    grants.set(grant, number);
    return number;
  }

  return {
    claim(name, options) {
      const { grant } = options;
      const client = digestOf(options, grant && numberOf(grant));
      const owner = names.get(client);
      if (owner !== undefined && owner !== name) throw sameClient(name, owner, options);
      forget(name);
      retired.delete(name);
      clients.set(name, client);
      names.set(client, name);
    },
    retire(name) {
      if (clients.has(name)) retired.set(name, true);
    },
    release(name) {
      forget(name);
      retired.delete(name);
    },
  };
}

function digestOf(options: TokenServiceOptions, grant: number | undefined): string {
  const { clientId, scope, resource, audience, parameters, authorizationDetails } = options;
  const request = requestKey({ scope, resource, audience, parameters, authorizationDetails });
  return hash('sha256', JSON.stringify([serverOf(options), clientId, grant, request]), 'base64url');
}

/** The authorization server, without the differences in spelling that do not matter. */
function serverOf({ issuer, tokenEndpoint, protectedResource }: TokenServiceOptions): string {
  return new URL(hrefOf(issuer ?? tokenEndpoint ?? protectedResource ?? '')).href.replace(/\/$/, '');
}

function sameClient(name: string, owner: string, { clientId }: TokenServiceOptions): ConfigurationError {
  const client = clientId === undefined ? 'the same client' : `the same client "${cleanText(clientId)}"`;
  return new ConfigurationError(
    `"optionsOf" of createTokenServices returned ${client} for "${cleanText(owner)}" and "${cleanText(name)}": use one ` +
      'name for both, or give them different clients, scopes, audiences or resources; if the first name is no longer ' +
      'in use, call close() with it',
  );
}
