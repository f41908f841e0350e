import { isTokenError } from '../../../../core/errors.js';
import type { AuthorizationServer } from '../../../../grant/authorization-server.js';
import { readable } from '../../../../grant/errors/redaction.js';
import { exitCodes } from '../../../io/command-error.js';
import { explainTokenError } from '../../../io/report-error.js';
import { authMethods, registeredName } from '../../../settings/auth-methods.js';
import { settingDefinitions } from '../../../settings/definitions.js';
import { fail, type Finding, pass, warn } from '../finding.js';

type Metadata = Awaited<ReturnType<AuthorizationServer['metadata']>>;

/** The metadata that the checks use. */
export type ServerFacts = Pick<
  Metadata,
  | 'issuer'
  | 'token_endpoint'
  | 'token_endpoint_auth_methods_supported'
  | 'grant_types_supported'
  | 'mtls_endpoint_aliases'
>;

/**
 * Reads the metadata of an issuer, or of the authorization server that a protected resource names (RFC 9728). `facts` is
 * absent if the metadata is unusable.
 */
export async function checkMetadata(
  { kind, name }: { readonly kind: 'issuer' | 'protected resource'; readonly name: string },
  read: () => Promise<ServerFacts>,
): Promise<{ readonly facts?: ServerFacts; readonly findings: Finding[] }> {
  try {
    const metadata = await read();
    const { token_endpoint_auth_methods_supported: methods, ...rest } = metadata;
    const facts = isList(methods) ? metadata : rest;
    const endpoint = readable(String(facts.token_endpoint), []);
    const server = kind === 'issuer' ? 'the same issuer' : `the issuer ${readable(facts.issuer, [])}`;
    const what = `the metadata of ${name} names ${server} and the token endpoint ${endpoint}`;
    return { facts, findings: [pass(what)] };
  } catch (error) {
    if (!isTokenError(error)) throw error;
    const { what, exitCode, advice = 'try again later, or set --token-endpoint instead' } = explainTokenError(error);
    const isConfiguration = error.code === 'ERR_CONFIGURATION';
    const step = isConfiguration ? corrections[kind] : advice;
    return { findings: [fail(what, step, exitCode)] };
  }
}

const corrections = {
  issuer: 'correct the issuer, or set --token-endpoint instead',
  'protected resource': 'correct the protected resource and its issuers, or set --issuer instead',
};

// A server may send a member of the wrong type.
const isList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

/**
 * Checks that the server supports the client authentication in use. No finding if the metadata does not list methods.
 */
export function checkAuthMethod(
  { token_endpoint_auth_methods_supported: supported }: ServerFacts,
  configured: string | undefined,
): Finding[] {
  if (supported === undefined) return [];
  const used = configured ?? secretMethods.find((name) => supported.includes(name));
  if (used !== undefined && supported.includes(registeredName(used)))
    return [pass(`the command uses ${used}, which the server supports`)];

  const names = readable(supported.join(', '), []);
  const list = names === '' ? 'the metadata list no method' : `the metadata list "${names}"`;
  const possible = supported.filter((name) => Object.hasOwn(authMethods, name));
  const alternatives = possible.map((name) => `${name} (with ${flagsFor(name)})`);
  const advice =
    alternatives.length > 0
      ? `set --auth-method ${alternatives.join(' or ')}`
      : 'the command supports none of them; if the metadata are wrong, set --token-endpoint instead of --issuer';
  return used === undefined
    ? [fail(`${list}, but no method that sends the secret`, advice, exitCodes.usage)]
    : [warn(`${list}, but the command uses ${used}`, advice)];
}

/** Checks that the server lists the grant (RFC 8414 §2). No finding for the client credentials grant. */
export function checkGrantType(
  { grant_types_supported: supported }: ServerFacts,
  grant: string | undefined,
): Finding[] {
  const name = grant === undefined ? undefined : grantTypes[grant];
  if (name === undefined || !isList(supported)) return [];
  if (supported.includes(name)) return [pass(`the server supports the grant ${name}`)];
  const list = readable(supported.join(', '), []) || 'none';
  return [
    warn(
      `the metadata does not list the grant ${name}, but ${list}`,
      'enable it at the authorization server, if the server rejects the request',
    ),
  ];
}

const grantTypes: Readonly<Record<string, string>> = {
  jwt_bearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  token_exchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
};

// The methods that send a secret by default.
const secretMethods = ['client_secret_basic', 'client_secret_post'];

function flagsFor(method: string): string {
  const { needs = [] } = authMethods[method] ?? {};
  return needs
    .map((each) => (each === 'secret' ? 'the secret' : settingDefinitions[`${each}File`].flag?.split(' ')[0]))
    .join(' and ');
}
