import { cleanList, cleanText, cleanUrl } from '../core/clean-text.js';
import { ConfigurationError } from '../core/errors.js';
import { hrefOf, type InsecureUrl } from '../core/insecure-url.js';
import { awsWebIdentityToken } from '../identity/aws.js';
import { azureManagedIdentity } from '../identity/azure.js';
import { azureEndpoint } from '../identity/azure-endpoints.js';
import { googleMetadataServer, variable } from '../identity/environment.js';
import { executable } from '../identity/executable.js';
import { gcpIdentityToken } from '../identity/gcp.js';
import { githubActionsToken } from '../identity/github.js';
import { gitlabIdToken } from '../identity/gitlab.js';
import type { IdentityTokenSource } from '../identity/identity-token-source.js';
import { kubernetesServiceAccount, kubernetesTokenPath } from '../identity/kubernetes.js';
import { spiffeJwtSvid } from '../identity/spiffe.js';
import { url } from '../identity/url.js';

/** The settings of a source of identity tokens, from flags or environment variables. */
export interface IdentitySettings {
  readonly audience?: string | undefined;
  readonly resource?: string | undefined;
  /** The user-assigned identity of Azure, or the service account of Google Cloud. */
  readonly account?: string | undefined;
  readonly path?: string | undefined;
  /** The variable of GitLab CI/CD. */
  readonly variable?: string | undefined;
  /** A program and its arguments, separated by white space. */
  readonly command?: string | undefined;
  readonly url?: string | InsecureUrl | undefined;
  /** The member of a JSON response. */
  readonly member?: string | undefined;
}

type IdentitySettingName = keyof IdentitySettings;

/** A source of identity tokens, and the place that it reads. */
export interface Identity {
  readonly source: IdentityTokenSource;
  /** Names the file, endpoint or variable. */
  readonly place: string;
}

interface IdentityKind {
  readonly required: readonly IdentitySettingName[];
  readonly optional: readonly IdentitySettingName[];
  readonly source: (settings: IdentitySettings) => IdentityTokenSource;
  readonly place: (settings: IdentitySettings) => string;
}

const kinds: Readonly<Record<string, IdentityKind>> = {
  kubernetes: {
    required: [],
    optional: ['path', 'audience'],
    source: ({ path, audience }) => kubernetesServiceAccount({ path, audience }),
    place: ({ path = kubernetesTokenPath }) => `the file ${path}`,
  },
  azure: {
    required: ['resource'],
    optional: ['account'],
    source: ({ resource = '', account }) => azureManagedIdentity({ resource, clientId: account }),
    place: () => `${azureEndpoint().name} at ${azureEndpoint().url.host}`,
  },
  gcp: {
    required: ['audience'],
    optional: ['account'],
    source: ({ audience = '', account }) => gcpIdentityToken({ audience, serviceAccount: account }),
    place: () => `the metadata server of Google Cloud at ${googleMetadataServer().host}`,
  },
  aws: {
    required: ['audience'],
    optional: [],
    source: ({ audience = '' }) => awsWebIdentityToken({ audience }),
    place: () => `the file ${variable('AWS_WEB_IDENTITY_TOKEN_FILE')}, which AWS_WEB_IDENTITY_TOKEN_FILE names`,
  },
  github: {
    required: [],
    optional: ['audience'],
    source: ({ audience }) => githubActionsToken({ audience }),
    place: () => 'GitHub Actions, whose endpoint ACTIONS_ID_TOKEN_REQUEST_URL names',
  },
  gitlab: {
    required: ['variable'],
    optional: ['audience'],
    source: ({ variable: name = '', audience }) => gitlabIdToken({ variable: name, audience }),
    place: ({ variable: name }) => `the environment variable ${name}`,
  },
  spiffe: {
    required: ['path'],
    optional: ['audience'],
    source: ({ path = '', audience }) => spiffeJwtSvid({ path, audience }),
    place: ({ path }) => `the file ${path}`,
  },
  executable: {
    required: ['command'],
    optional: ['audience'],
    source: ({ command = '', audience }) => executable({ command: wordsOf(command), audience }),
    place: ({ command = '' }) => `the program ${wordsOf(command)[0]}`,
  },
  url: {
    required: ['url'],
    optional: ['member', 'audience'],
    source: ({ url: address = '', member, audience }) =>
      url({ url: address, format: member === undefined ? 'text' : { member }, audience }),
    place: ({ url: address = '' }) => cleanUrl(new URL(hrefOf(address))),
  },
};

/** The names of the sources of identity tokens. */
export const identityNames: readonly string[] = Object.keys(kinds);

const wordsOf = (command: string): string[] => command.split(/\s+/).filter(Boolean);

/**
 * Makes a source of identity tokens by its name. `nameOf` names a setting in messages.
 * @throws {ConfigurationError} if the name is unknown, if a setting is missing, malformed or of another source, or if
 *   the platform has not set its variables
 */
export function identityOf(
  name: string,
  settings: IdentitySettings,
  nameOf: (setting: IdentitySettingName | 'identity') => string,
): Identity {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined) {
    const known = identityNames.join(', ');
    throw new ConfigurationError(
      `the identity "${cleanText(name)}" is unknown: set ${nameOf('identity')} to one of ${known}`,
    );
  }
  const given = (Object.keys(settings) as IdentitySettingName[]).filter((each) => settings[each] !== undefined);
  const missing = kind.required.filter((each) => !given.includes(each)).map(nameOf);
  if (missing.length > 0) throw new ConfigurationError(`the identity "${name}" needs ${missing.join(' and ')}`);
  const used = [...kind.required, ...kind.optional];
  const unused = given.filter((each) => !used.includes(each)).map(nameOf);
  if (unused.length > 0) {
    throw new ConfigurationError(
      `the identity "${name}" has no ${unused.join(' and ')}: leave it out; it has ${cleanList(used.map(nameOf))}`,
    );
  }
  return { source: kind.source(settings), place: kind.place(settings) };
}
