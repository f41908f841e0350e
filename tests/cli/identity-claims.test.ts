import { expect, test } from '@jest/globals';

import { audiencesOf, describeIdentity } from '../../src/cli/identity-claims.js';

test.each<[string, object, string]>([
  [
    'Kubernetes',
    {
      sub: 'system:serviceaccount:shop:orders',
      'kubernetes.io': { namespace: 'shop', pod: { name: 'orders-1', uid: 'u' }, serviceaccount: { name: 'orders' } },
    },
    'the Kubernetes service account orders in the namespace shop (pod orders-1)',
  ],
  [
    'an older Kubernetes',
    { sub: 'system:serviceaccount:shop:orders' },
    'the Kubernetes service account orders in the namespace shop',
  ],
  [
    'GitHub',
    { sub: 'repo:o/r:ref:refs/heads/main', repository: 'o/r', workflow: 'deploy', ref: 'refs/heads/main' },
    'a GitHub Actions job of o/r (workflow deploy, ref refs/heads/main)',
  ],
  [
    'GitLab',
    { project_path: 'g/p', pipeline_id: '7', ref: 'main', environment: 'production', user_login: 'u' },
    'a GitLab CI/CD job of g/p (pipeline 7, ref main, environment production, user u)',
  ],
  [
    'Azure',
    { tid: 't', oid: 'o', xms_mirid: '/subscriptions/1/vm' },
    'the identity o in the Microsoft Entra tenant t (resource /subscriptions/1/vm)',
  ],
  [
    'AWS',
    {
      sub: 'arn:aws:iam::1:role/orders',
      'https://sts.amazonaws.com/': { aws_account: '1', source_region: 'eu-central-1' },
    },
    'the AWS identity arn:aws:iam::1:role/orders (account 1, region eu-central-1)',
  ],
  [
    'Google Cloud',
    {
      iss: 'https://accounts.google.com',
      sub: '1',
      email: 'o@p.iam.gserviceaccount.com',
      google: { compute_engine: { instance_name: 'i', project_id: 'p' } },
    },
    'the Google Cloud service account o@p.iam.gserviceaccount.com (instance i, project p)',
  ],
  ['SPIFFE', { sub: 'spiffe://example.org/orders' }, 'the SPIFFE workload spiffe://example.org/orders'],
])('describes the identity of %s', (_, claims, text) => {
  expect(describeIdentity({ ...claims })).toBe(text);
});

test.each([
  [{}],
  [{ iss: 'https://auth.example.com', sub: 'orders' }],
  [{ sub: 1, repository: {}, workflow: [], tid: null, 'kubernetes.io': 'x', 'https://sts.amazonaws.com/': 1 }],
])('describes no other token: %j', (claims) => {
  expect(describeIdentity(claims)).toBeUndefined();
});

test('cleans and cuts claims of a hostile token', () => {
  const text = describeIdentity({ repository: `a\u001b[2J${'b'.repeat(1_000)}`, workflow: 'w' });

  expect(text).toMatch(/^a GitHub Actions job of a \[2Jb+…$/);
});

test('has the audiences that are text', () => {
  expect(audiencesOf({ aud: 'a' })).toEqual(['a']);
  expect(audiencesOf({ aud: ['a', 1, 'b'] })).toEqual(['a', 'b']);
  expect(audiencesOf({})).toEqual([]);
});
