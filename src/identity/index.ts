/**
 * Sources of identity tokens, for `federatedAssertion`: the tokens of clusters, clouds and CI systems, so that a client
 * needs no secret.
 * @module m2m-tokens/identity
 */
export { awsWebIdentityToken, type AwsWebIdentityTokenOptions } from './aws.js';
export { azureManagedIdentity, type AzureManagedIdentityOptions } from './azure.js';
export { executable, type ExecutableOptions } from './executable.js';
export { gcpIdentityToken, type GcpIdentityTokenOptions } from './gcp.js';
export { githubActionsToken, type GithubActionsTokenOptions } from './github.js';
export { gitlabIdToken, type GitlabIdTokenOptions } from './gitlab.js';
export type { IdentitySourceOptions, IdentityTokenOptions, IdentityTokenSource } from './identity-token-source.js';
export { kubernetesServiceAccount, type KubernetesServiceAccountOptions } from './kubernetes.js';
export { spiffeJwtSvid, type SpiffeJwtSvidOptions } from './spiffe.js';
export type { StsAccess } from './sts.js';
export type { TokenFormat } from './token-format.js';
export { url, type UrlOptions } from './url.js';
