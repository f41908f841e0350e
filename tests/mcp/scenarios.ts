/** One scenario `auth/…` of the conformance suite. */
export interface Scenario {
  readonly name: string;
  /** Checks that must be there and succeed. */
  readonly needed: readonly string[];
  /** The error of the client, if the scenario requires one. */
  readonly error?: RegExp;
  /** Whether the scenario also has the checks of {@link byBrowser}. @default false */
  readonly browser?: boolean;
}

/** Checks that a client without a user cannot pass, with the reason. All others must pass. */
export const byBrowser: Readonly<Record<string, string>> = {
  'client-registration': 'the client is registered beforehand',
  'authorization-request': 'a browser sends it, for a user',
  'resource-parameter-in-authorization': 'it is a parameter of the authorization request',
};

const tokenUse = ['prm-pathbased-requested', 'authorization-server-metadata', 'token-request', 'valid-bearer-token'];
const resourceParameter = [
  'resource-parameter-in-token',
  'resource-parameter-valid-uri',
  'resource-parameter-matches-prm',
];

export const scenarios: readonly Scenario[] = [
  { name: 'client-credentials-basic', needed: [...tokenUse, 'client-credentials-basic-auth'] },
  { name: 'client-credentials-jwt', needed: [...tokenUse, 'client-credentials-jwt-verified'] },
  { name: 'wif-jwt-bearer', needed: [...tokenUse, 'wif-assertion-verified'] },
  { name: 'pre-registration', needed: [...tokenUse, 'pre-registration-auth'] },
  { name: 'metadata-default', needed: [...tokenUse, ...resourceParameter], browser: true },
  { name: 'metadata-var1', needed: [...tokenUse, ...resourceParameter], browser: true },
  { name: 'metadata-var2', needed: [...tokenUse, ...resourceParameter], browser: true },
  {
    name: 'metadata-issuer-mismatch',
    needed: ['authorization-server-metadata', 'sep-2468-client-validate-metadata-issuer'],
    error: /those of "https:\/\/attacker\.example\.com" \(RFC 8414 §3\.3\)/,
  },
  {
    name: 'resource-mismatch',
    needed: ['prm-pathbased-requested', 'resource-mismatch-rejected'],
    error: /those of "https:\/\/evil\.example\.com\/mcp" \(RFC 9728 §3\.3\)/,
  },
];

const authorization = 'its checks are about authorization requests, which a browser sends for a user';
const registration = 'the client authentication comes from dynamic registration; this client is registered beforehand';

/** The other scenarios, with the reason. */
export const notRun: Readonly<Record<string, string>> = {
  'metadata-var3':
    'only the 401 to a POST names the metadata; the service looks for them with GET, which changes nothing',
  'basic-cimd': authorization,
  'scope-from-www-authenticate': authorization,
  'scope-from-scopes-supported': authorization,
  'scope-omitted-when-undefined': authorization,
  'scope-step-up': authorization,
  'scope-retry-limit': authorization,
  'token-endpoint-auth-basic': registration,
  'token-endpoint-auth-post': registration,
  'token-endpoint-auth-none': registration,
  '2025-03-26-oauth-metadata-backcompat': 'an older version of MCP, whose servers have no metadata of the resource',
  '2025-03-26-oauth-endpoint-fallback': 'an older version of MCP, whose servers have no metadata of the resource',
  'offline-access-scope': 'a machine gets no refresh token',
  'offline-access-not-supported': 'a machine gets no refresh token',
  'authorization-server-migration': registration,
  'iss-supported': authorization,
  'iss-not-advertised': authorization,
  'iss-supported-missing': authorization,
  'iss-wrong-issuer': authorization,
  'iss-unexpected': authorization,
  'iss-normalized': authorization,
  'enterprise-managed-authorization': 'it exchanges the identity token of a user who has signed in',
  dpop: 'its tokens come from the authorization code grant',
  'dpop-nonce': 'its tokens come from the authorization code grant',
};
