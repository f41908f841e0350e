import { cleanText } from '../core/clean-text.js';

type Claims = Readonly<Record<string, unknown>>;

/**
 * Describes the subject of an identity token of a known platform by its claims (RFC 7519 §4); `undefined` for other
 * tokens. The signature is not verified.
 */
export function describeIdentity(claims: Claims): string | undefined {
  for (const describe of platforms) {
    const text = describe(claims);
    if (text !== undefined) return cleanText(text);
  }
  return undefined;
}

/** The audiences of a token (RFC 7519 §4.1.3). */
export const audiencesOf = ({ aud }: Claims): readonly string[] =>
  [aud].flat().filter((each): each is string => typeof each === 'string');

const platforms: readonly ((claims: Claims) => string | undefined)[] = [
  kubernetes,
  github,
  gitlab,
  azure,
  aws,
  google,
  spiffe,
];

// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
function kubernetes({ sub, 'kubernetes.io': bound }: Claims): string | undefined {
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(text(sub) ?? '') ?? [];
  if (namespace === undefined || account === undefined) return undefined;
  const pod = text(membersOf(membersOf(bound)['pod'])['name']);
  return `the Kubernetes service account ${account} in the namespace ${namespace}${details({ pod })}`;
}

// https://docs.github.com/actions/reference/security/oidc
function github({ repository, workflow, ref, environment, actor }: Claims): string | undefined {
  if (text(repository) === undefined || text(workflow) === undefined) return undefined;
  return `a GitHub Actions job of ${text(repository)}${details({ workflow, ref, environment, actor })}`;
}

// https://docs.gitlab.com/ci/secrets/id_token_authentication/
function gitlab({ project_path: project, pipeline_id: pipeline, ref, environment, user_login: user }: Claims) {
  if (text(project) === undefined || pipeline === undefined) return undefined;
  return `a GitLab CI/CD job of ${text(project)}${details({ pipeline, ref, environment, user })}`;
}

// https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
function azure({ tid, oid, xms_mirid: resource }: Claims): string | undefined {
  if (text(tid) === undefined || text(oid) === undefined) return undefined;
  return `the identity ${text(oid)} in the Microsoft Entra tenant ${text(tid)}${details({ resource })}`;
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html
function aws({ sub, 'https://sts.amazonaws.com/': facts }: Claims): string | undefined {
  const { aws_account: account, source_region: region } = membersOf(facts);
  return text(account) === undefined ? undefined : `the AWS identity ${text(sub)}${details({ account, region })}`;
}

// https://cloud.google.com/compute/docs/instances/verifying-instance-identity
function google({ iss, sub, email, google: facts }: Claims): string | undefined {
  if (!/^(https:\/\/)?accounts\.google\.com$/.test(text(iss) ?? '')) return undefined;
  const { instance_name: instance, project_id: project } = membersOf(membersOf(facts)['compute_engine']);
  return `the Google Cloud service account ${text(email) ?? text(sub)}${details({ instance, project })}`;
}

// https://github.com/spiffe/spiffe/blob/main/standards/JWT-SVID.md
function spiffe({ sub }: Claims): string | undefined {
  return text(sub)?.startsWith('spiffe://') === true ? `the SPIFFE workload ${text(sub)}` : undefined;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const membersOf = (value: unknown): Claims => (typeof value === 'object' && value !== null ? (value as Claims) : {});

function details(facts: Readonly<Record<string, unknown>>): string {
  const known = Object.entries(facts).filter(([, value]) => text(value) !== undefined || typeof value === 'number');
  const parts = known.map(([name, value]) => `${name} ${String(value)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
