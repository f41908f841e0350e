import { identityDefinitions } from './grant-definitions.js';
import { type SettingName, settingNames } from './definitions.js';

/** The settings that most clients need, in the order of the help. */
const common: readonly SettingName[] = ['issuer', 'clientId', 'clientSecret', 'clientSecretFile', 'scope', 'audience'];

const network: readonly SettingName[] = [
  'tokenEndpoint',
  'protectedResource',
  'issuers',
  'revocationEndpoint',
  'dangerouslyAllowHttp',
];

const request = new Set<SettingName>(['grant', 'resource', 'parameter', 'dpop', 'assumeBearer']);

/** The headings of the help, in their order. `Options:` has the flags of the command itself. */
export const helpGroups = {
  options: 'Options:',
  common: 'Common settings:',
  authentication: 'Client authentication:',
  grant: 'Grant and token request:',
  network: 'Network:',
  output: 'Output:',
} as const;

/** The settings below each heading. */
export const settingGroups: readonly (readonly [heading: string, names: readonly SettingName[]])[] = [
  [helpGroups.common, common],
  [helpGroups.authentication, settingNames.filter((name) => groupOf(name) === helpGroups.authentication)],
  [helpGroups.grant, settingNames.filter((name) => groupOf(name) === helpGroups.grant)],
  [helpGroups.network, network],
];

function groupOf(name: SettingName): string {
  if (common.includes(name)) return helpGroups.common;
  if (network.includes(name)) return helpGroups.network;
  const isOfGrant = request.has(name) || /^(subject|actor|requested)Token/.test(name);
  return isOfGrant && !Object.hasOwn(identityDefinitions, name) ? helpGroups.grant : helpGroups.authentication;
}
