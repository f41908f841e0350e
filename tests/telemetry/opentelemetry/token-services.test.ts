import { expect, test } from '@jest/globals';

import type { TokenEvent } from '../../../src/core/events.js';
import type { TokenServicesOptions } from '../../../src/service/token-services.js';
import { createTokenServices } from '../../../src/service/token-services.js';
import { observeTokens } from '../../../src/telemetry/opentelemetry/index.js';
import { failureOf } from '../../support/grant-outcome.js';
import { startMetrics, startTraces } from '../../support/telemetry.js';
import { tenantOptions, tenantTokenEndpoint } from '../../support/token-services.js';

const startServices = (options: TokenServicesOptions = {}) => {
  const fetch = tenantTokenEndpoint();
  return createTokenServices((tenant) => {
    if (tenant === 'unknown') throw new Error('no such tenant');
    return tenantOptions(tenant, { fetch, tokenEndpoint: `https://${tenant}.example.com/token` });
  }, options);
};

test('the metrics of all services have one set of series, which counts closed services too', async () => {
  const services = startServices({ max: 2, name: 'tenants' });
  const { meterProvider, series } = startMetrics();
  await services.of('before').ready();
  observeTokens(services, { meterProvider });
  for (let tenant = 0; tenant < 20; tenant += 1) await services.of(`tenant${tenant}`).ready();
  await services.of('tenant19').ready();

  const common = { 'm2m.client.name': 'tenants' };
  const counted = Object.fromEntries(
    (await series('m2m.token.requests')).map(({ attributes, value }) => [attributes['m2m.token.source'], value]),
  );
  expect(counted).toEqual({ memory: 1, shared_store: 0, grant: 21, joined: 0, error: 0 });
  expect(await series('m2m.cache.size')).toEqual([{ attributes: common, value: 2 }]);
  expect(await series('m2m.token.grant.duration')).toEqual([
    { attributes: { ...common, 'm2m.grant.reason': 'cold' }, value: 20 },
  ]);
});

test('options that cannot be read count as an error of a caller', async () => {
  const services = startServices();
  const { meterProvider, series } = startMetrics();
  observeTokens(services, { meterProvider });
  await failureOf(services.of('unknown').getToken());

  expect(await series('m2m.token.wait.duration')).toEqual([
    {
      attributes: {
        'm2m.client.name': 'token services',
        'm2m.token.source': 'error',
        'error.type': 'ERR_GRANT_UNAVAILABLE',
      },
      value: 1,
    },
  ]);
});

test('each grant is a span that names its service', async () => {
  const services = startServices();
  const { tracerProvider, spans } = startTraces();
  observeTokens(services, { tracerProvider });
  await services.of('acme').ready();
  await services.of('globex').ready();

  expect(spans().map(({ attributes }) => [attributes['m2m.client.name'], attributes['server.address']])).toEqual([
    ['acme', 'acme.example.com'],
    ['globex', 'globex.example.com'],
  ]);
});

test('the observation ends for the services in memory and for later ones', async () => {
  const events: TokenEvent[] = [];
  const services = startServices({ onEvent: (event) => void events.push(event) });
  const [{ meterProvider, series }, { tracerProvider, spans }] = [startMetrics(), startTraces()];
  await services.of('acme').ready();
  const stop = observeTokens(services, { meterProvider, tracerProvider });
  expect(() => observeTokens(services)).toThrow(/observes this token service already/);
  stop();
  await services.of('acme').getToken({ scope: 'a' });
  await services.of('globex').ready();
  await failureOf(services.of('unknown').getToken());

  expect(await series('m2m.token.grant.duration')).toEqual([]);
  expect(await series('m2m.token.wait.duration')).toEqual([]);
  expect(spans()).toEqual([]);
  expect(events.map(({ type }) => type)).toContain('token.unavailable');
  observeTokens(services)();
});
