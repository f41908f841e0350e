import { randomBytes } from 'node:crypto';

import { expect, test } from '@jest/globals';
import axios from 'axios';

import { newClients } from '../../examples/tour/servers/clients.js';
import { importProvider } from '../../examples/tour/servers/import-provider.js';
import { postToken } from '../../examples/tour/servers/post-token.js';
import { providerConfiguration } from '../../examples/tour/servers/provider-configuration.js';
import { bearerToken } from '../../src/adapters/axios/index.js';
import type { TokenEvent } from '../../src/core/events.js';
import { dpop } from '../../src/grant/dpop.js';
import { createTokenService } from '../../src/service/token-service.js';
import { type Proof, verifyProof } from '../support/dpop-proof.js';
import { type Answer, listen, type RecordedRequest, startHttpServer } from '../support/http-server.js';
import { rejected } from '../support/resource-server.js';
import { collectNotable } from '../support/events.js';

// oidc-provider needs this function to accept proofs, and Node 20 does not have it yet.
if (!('parse' in URL)) {
  Object.assign(URL, { parse: (url: string, base?: string) => (URL.canParse(url, base) ? new URL(url, base) : null) });
}

/** An oidc-provider that grants only DPoP-bound tokens, and requires its own nonce in each proof. */
async function startProvider() {
  const { Provider } = await importProvider();

  let answer: ReturnType<InstanceType<typeof Provider>['callback']> | undefined;
  const paths: string[] = [];
  const issuer = await listen((request, response) => {
    paths.push(String(request.url));
    void answer?.(request, response);
  });
  const clients = newClients();
  const lifetimes = { lifetimeSeconds: 600, shortLifetimeSeconds: 600 };
  const configuration = await providerConfiguration(clients, lifetimes);
  answer = new Provider(issuer, {
    ...configuration,
    clients: configuration.clients?.map((client) => ({
      ...client,
      dpop_bound_access_tokens: client.client_id === clients.service.id,
    })),
    features: {
      ...configuration.features,
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    },
  }).callback();

  return {
    issuer,
    paths,
    service: clients.service,
    /** The introspection response of the provider for a token (RFC 7662 §2.2). */
    async introspect(token: string) {
      const response = await postToken(`${issuer}/token/introspection`, token, clients.api);
      return (await response.json()) as { active: boolean; token_type?: string; cnf?: { jkt: string } };
    },
  };
}

/** An API that verifies each proof, requires its own nonce, and introspects the token at the provider. */
async function startApi(introspect: Awaited<ReturnType<typeof startProvider>>['introspect']) {
  const nonce = randomBytes(8).toString('hex');
  const used = new Set<string>();

  const check = async (request: RecordedRequest): Promise<Answer> => {
    const challenge = (error: string) => rejected(`DPoP error="${error}", algs="ES256"`);
    const proof = await verifyProof(request, api.origin).catch((): Proof | undefined => undefined);
    if (proof === undefined || used.has(proof.jti)) return challenge('invalid_dpop_proof');
    used.add(proof.jti);
    if (proof.nonce !== nonce) {
      const answer = challenge('use_dpop_nonce');
      return { ...answer, headers: { ...answer.headers, 'dpop-nonce': nonce } };
    }
    const { active, cnf } = await introspect(String(request.headers.authorization).replace('DPoP ', ''));
    return active && cnf?.jkt === proof['jkt'] ? { body: 'the orders' } : challenge('invalid_token');
  };
  const api = await startHttpServer((request) => check(request));
  return api;
}

test('oidc-provider with mandatory nonces, and an API with its own [A22 A23 R-63 R-67 R-72 R-75 R-89 E1 E23]', async () => {
  const provider = await startProvider();
  const api = await startApi((token) => provider.introspect(token));
  const events: TokenEvent[] = [];
  const onEvent = collectNotable(events);
  const { issuer, service } = provider;
  const tokens = createTokenService({
    issuer,
    clientId: service.id,
    clientSecret: service.secret,
    scope: 'orders:read',
    dpop: dpop(),
    onEvent,
  });
  const instance = axios.create({ baseURL: api.origin });
  instance.interceptors.request.use(bearerToken(tokens));

  const first = await instance.post<string>('/orders?a=b', { quantity: 3 });
  const token = await tokens.getToken();
  await postToken(`${issuer}/token/revocation`, token.value, service);
  const second = await instance.get<string>('/orders');

  expect([first.data, second.data]).toEqual(['the orders', 'the orders']);
  expect(await provider.introspect((await tokens.getToken()).value)).toMatchObject({
    active: true,
    token_type: 'DPoP',
  });
  expect(events).toMatchObject([
    { type: 'grant.succeeded', reason: 'cold', dpopNonce: true },
    { type: 'request.resent', reason: 'dpop nonce' },
    { type: 'grant.succeeded', reason: 'rejected' },
    { type: 'request.resent', reason: 'token rejected' },
  ]);
  expect(provider.paths.filter((path) => path === '/token')).toHaveLength(3);
  expect(api.requests).toHaveLength(4);
});

test('oidc-provider revokes the cached tokens [R-76 R-78 F9]', async () => {
  const provider = await startProvider();
  const { issuer, service } = provider;
  const tokens = createTokenService({ issuer, clientId: service.id, clientSecret: service.secret, dpop: dpop() });
  const kept = [await tokens.getToken({ scope: 'orders:read' }), await tokens.getToken({ scope: 'orders:write' })];
  const areActive = async () => Promise.all(kept.map(async ({ value }) => (await provider.introspect(value)).active));

  const before = await areActive();
  const outcome = await tokens.revoke();

  expect(before).toEqual([true, true]);
  expect(outcome).toBe(true);
  expect(await areActive()).toEqual([false, false]);
  const another = await tokens.getToken({ scope: 'orders:read' });
  expect((await provider.introspect(another.value)).active).toBe(true);
});
