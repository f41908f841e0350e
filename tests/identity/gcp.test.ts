import { describe, expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import { gcpIdentityToken } from '../../src/identity/index.js';
import { identityEndpointContract } from '../contracts/identity-endpoint.js';
import { startHttpServer } from '../support/http-server.js';
import { setVariables } from '../support/identity-tokens.js';

const audience = 'https://auth.example.com';

// https://cloud.google.com/compute/docs/instances/verifying-instance-identity
identityEndpointContract('gcpIdentityToken', {
  make(origin, clock) {
    setVariables({ GCE_METADATA_IP: undefined, GCE_METADATA_HOST: origin.replace('http://', '') });
    return gcpIdentityToken({ audience, clock });
  },
  issued: (token) => ({
    body: String(token),
    headers: { 'metadata-flavor': 'Google', 'content-type': 'text/html' },
  }),
  request: {
    path: '/computeMetadata/v1/instance/service-accounts/default/identity?audience=https%3A%2F%2Fauth.example.com&format=full',
    headers: { 'metadata-flavor': 'Google' },
  },
  audience,
  rejections: [
    [{ status: 404, body: '<!DOCTYPE html>' }, /attach a service account/],
    [{ status: 400, body: 'non-empty audience parameter required' }, /"audience"/],
    [{ status: 403, body: '' }, /attach a service account/],
  ],
  transients: [],
  secrets: [],
});

describe('gcpIdentityToken', () => {
  test('names a service account, at the origin in GCE_METADATA_IP', async () => {
    const server = await startHttpServer(() => ({ body: 'token' }));
    setVariables({ GCE_METADATA_IP: server.origin, GCE_METADATA_HOST: 'nowhere.invalid' });

    await gcpIdentityToken({ audience: 'a', serviceAccount: 'orders@shop.iam.gserviceaccount.com' })();

    expect(server.requests.map(({ path }) => path)).toEqual([
      '/computeMetadata/v1/instance/service-accounts/orders%40shop.iam.gserviceaccount.com/identity?audience=a&format=full',
    ]);
  });

  test('refuses a malformed host when it is made', () => {
    setVariables({ GCE_METADATA_IP: undefined, GCE_METADATA_HOST: 'a b' });
    const make = () => gcpIdentityToken({ audience });

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(/GCE_METADATA_HOST/);
  });
});
