import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { DataPointType, MeterProvider, type MetricData } from '@opentelemetry/sdk-metrics';
import { describe, expect, test } from '@jest/globals';

import { withBearerToken } from '../../../src/adapters/fetch/index.js';
import { systemClock } from '../../../src/core/clock.js';
import type { TokenServiceOptions } from '../../../src/service/options.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { observeTokens } from '../../../src/telemetry/opentelemetry/index.js';
import { granted, refused } from '../../support/authorization-server.js';
import { fakeClock } from '../../support/clock.js';
import { startDpopSurroundings } from '../../support/dpop-service.js';
import { failureOf } from '../../support/grant-outcome.js';
import { startResourceServer } from '../../support/resource-server.js';
import { type CollectedMetrics, startMetrics } from '../../support/telemetry.js';
import { type RunningTokenService, startTokenService } from '../../support/token-service.js';
import { until, untilRenewed } from '../../support/until.js';

const hour = 3_600_000;
const common = {
  'm2m.client.name': 'orders',
  'server.address': '127.0.0.1',
  'oauth.grant_type': 'client_credentials',
};

/** A token service that is observed, and its metrics. */
async function startObserved(
  options: Partial<TokenServiceOptions> = {},
): Promise<RunningTokenService & CollectedMetrics> {
  const [running, metrics] = [await startTokenService(options), startMetrics()];
  observeTokens(running.tokens, { meterProvider: metrics.meterProvider });
  return { ...running, ...metrics };
}

/** Fails the renewal of the token of a service. */
async function failRenewal({ tokens, server, clock }: RunningTokenService): Promise<void> {
  server.script({ status: 503 });
  clock.advance(0.95 * hour);
  await tokens.getToken();
  await until(() => tokens.stats().tokens.some(({ failingSince }) => failingSince !== undefined));
}

test('the metrics have the documented names, kinds and units', async () => {
  const { tokens, server, collect } = await startObserved({
    store: memoryStore(),
    clientSecret: () => ({ value: 'secret', expiresAt: 1_800_000_000_000 }),
    retry: { retries: 0 },
    random: () => 0.5,
  });
  await tokens.getToken();
  server.script({ status: 503 });
  await failureOf(tokens.getToken({ scope: 'a' }));
  await failureOf(tokens.getToken({ scope: 'a' }));
  tokens.report?.({ type: 'request.resent', method: 'GET', origin: 'https://api', reason: 'token rejected' });

  const metrics = Object.values(await collect()).map((metric) =>
    [metric.descriptor.name, kindOf(metric), metric.descriptor.unit].join(' | '),
  );

  expect(metrics.toSorted()).toEqual([
    'm2m.cache.evictions | counter | {token}',
    'm2m.cache.size | gauge | {token}',
    'm2m.clock.skew | gauge | s',
    'm2m.credential.expiration | gauge | s',
    'm2m.grant.suppressed | counter | {grant}',
    'm2m.request.rejected | counter | {request}',
    'm2m.store.operation.duration | histogram | s',
    'm2m.token.expiration | gauge | s',
    'm2m.token.grant.duration | histogram | s',
    'm2m.token.renewal.failing | gauge | ',
    'm2m.token.renewed | gauge | s',
    'm2m.token.requests | counter | {request}',
    'm2m.token.wait.duration | histogram | s',
  ]);
});

function kindOf(data: MetricData): string {
  if (data.dataPointType === DataPointType.HISTOGRAM) return 'histogram';
  if (data.dataPointType === DataPointType.GAUGE) return 'gauge';
  return data.dataPointType === DataPointType.SUM && data.isMonotonic ? 'counter' : 'another kind';
}

test('the exporter for Prometheus uses the documented names, without the units', async () => {
  const { tokens, server } = await startTokenService({
    store: memoryStore(),
    retry: { retries: 0 },
    random: () => 0.5,
  });
  const exporter = new PrometheusExporter({ preventServerStart: true });
  observeTokens(tokens, { meterProvider: new MeterProvider({ readers: [exporter] }) });
  await tokens.getToken();
  server.script({ status: 503 });
  await failureOf(tokens.getToken({ scope: 'a' }));
  await failureOf(tokens.getToken({ scope: 'a' }));
  tokens.report?.({ type: 'request.resent', method: 'GET', origin: 'https://api', reason: 'token rejected' });

  const { resourceMetrics } = await exporter.collect();
  const lines = new PrometheusSerializer().serialize(resourceMetrics).split('\n');

  const names = lines.map((line) => /^# TYPE (m2m_\w+ \w+)$/.exec(line)?.[1]).filter((name) => name !== undefined);
  expect(names.toSorted()).toEqual([
    'm2m_cache_evictions_total counter',
    'm2m_cache_size gauge',
    'm2m_clock_skew gauge',
    'm2m_grant_suppressed_total counter',
    'm2m_request_rejected_total counter',
    'm2m_store_operation_duration histogram',
    'm2m_token_expiration gauge',
    'm2m_token_grant_duration histogram',
    'm2m_token_renewal_failing gauge',
    'm2m_token_renewed gauge',
    'm2m_token_requests_total counter',
    'm2m_token_wait_duration histogram',
  ]);
  expect(lines).toContainEqual(
    expect.stringMatching(/^m2m_token_requests_total\{.*m2m_client_name="orders".*m2m_token_source="grant".*\} 1$/),
  );
});

describe('m2m.token.grant.duration', () => {
  test('is recorded in seconds for each request to the token endpoint, with its reason and error', async () => {
    const { tokens, server, clock, collect } = await startObserved({ retry: { retries: 0 } });
    server.script(() => {
      clock.advance(120);
      return granted('token-1');
    });
    await tokens.getToken();
    await failRenewal({ tokens, server, clock, events: [] });
    server.script(refused('invalid_client', { status: 401 }));
    await failureOf(tokens.getToken({ scope: 'b' }));
    server.script(refused('some_code_of_its_own'));
    await failureOf(tokens.getToken({ scope: 'c' }));

    const { 'm2m.token.grant.duration': metric } = await collect();

    expect(metric?.dataPoints.map(({ attributes }) => attributes)).toEqual([
      { ...common, 'm2m.grant.reason': 'cold' },
      { ...common, 'm2m.grant.reason': 'advisory', 'error.type': 'ERR_GRANT_UNAVAILABLE' },
      { ...common, 'm2m.grant.reason': 'cold', 'error.type': 'invalid_client' },
      { ...common, 'm2m.grant.reason': 'cold', 'error.type': 'ERR_GRANT_REJECTED' },
    ]);
    expect(metric?.dataPoints[0]?.value).toMatchObject({ count: 1, sum: 0.12 });
    expect(metric?.dataPoints[0]?.value).toMatchObject({
      buckets: { boundaries: expect.arrayContaining([0.005, 0.1, 1, 10]) },
    });
  });

  test('has a value for each attempt', async () => {
    const { tokens, server, series } = await startObserved({ clock: systemClock });
    server.script({ status: 503 }, { status: 503 }, granted('token-1'));

    await tokens.getToken();

    expect(await series('m2m.token.grant.duration')).toEqual([
      { attributes: expect.objectContaining({ 'error.type': 'ERR_GRANT_UNAVAILABLE' }), value: 2 },
      { attributes: expect.not.objectContaining({ 'error.type': expect.anything() }), value: 1 },
    ]);
  });
});

describe('m2m.token.requests and m2m.token.wait.duration', () => {
  test('count callers by the source of their token; only waiting callers have a duration', async () => {
    const { tokens, server, clock, series, collect } = await startObserved({ retry: { retries: 0 } });
    server.script(() => {
      clock.advance(2_000);
      return granted('token-1');
    });
    await Promise.all([tokens.getToken(), tokens.getToken(), tokens.getToken()]);
    for (let call = 0; call < 5; call += 1) await tokens.getToken();
    server.script(refused('invalid_scope'));
    await failureOf(tokens.getToken({ scope: 'b' }));

    expect(await series('m2m.token.requests')).toEqual([
      { attributes: { ...common, 'm2m.token.source': 'memory' }, value: 5 },
      { attributes: { ...common, 'm2m.token.source': 'shared_store' }, value: 0 },
      { attributes: { ...common, 'm2m.token.source': 'grant' }, value: 1 },
      { attributes: { ...common, 'm2m.token.source': 'joined' }, value: 2 },
      { attributes: { ...common, 'm2m.token.source': 'error' }, value: 1 },
    ]);
    const wait = (await collect())['m2m.token.wait.duration'];
    expect(wait?.dataPoints.map(({ attributes, value }) => [attributes['m2m.token.source'], value])).toEqual([
      ['grant', expect.objectContaining({ count: 1, sum: 2 })],
      ['joined', expect.objectContaining({ count: 2, sum: 4 })],
      ['error', expect.objectContaining({ count: 1, sum: 0 })],
    ]);
    expect(wait?.dataPoints.at(-1)?.attributes).toEqual({
      ...common,
      'm2m.token.source': 'error',
      'error.type': 'invalid_scope',
    });
  });

  test('count a token of the shared store', async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    const one = await startTokenService({ store, clock });
    await one.tokens.getToken();
    await one.tokens.flush();
    const other = await startObserved({ store, clock, tokenEndpoint: one.server.tokenEndpoint });

    await other.tokens.getToken();

    const sources = (await other.series('m2m.token.requests')).filter(({ value }) => value > 0);
    expect(sources.map(({ attributes }) => attributes['m2m.token.source'])).toEqual(['shared_store']);
  });
});

describe('m2m.token.expiration, m2m.token.renewed and m2m.token.renewal.failing', () => {
  const valuesOf = async ({ series }: CollectedMetrics): Promise<unknown[]> => {
    const names = ['m2m.token.expiration', 'm2m.token.renewed', 'm2m.token.renewal.failing'];
    const found = await Promise.all(names.map(series));
    return found.map((all) => (all.length > 1 ? all : all[0]?.value));
  };

  test('describe no token before the first one', async () => {
    expect(await valuesOf(await startObserved())).toEqual([undefined, undefined, 0]);
  });

  test('describe the token that was renewed last, in seconds since the epoch', async () => {
    const running = await startObserved();
    const { tokens, clock } = running;
    const began = clock.now() / 1_000;
    await tokens.getToken({ scope: 'a' });
    clock.advance(60_000);
    await tokens.getToken({ scope: 'b' });

    expect(await valuesOf(running)).toEqual([began + 60 + 3_600, began + 60, 0]);
    expect(await running.series('m2m.token.expiration')).toEqual([{ attributes: common, value: began + 60 + 3_600 }]);
  });

  test('describe no token that left the cache while its renewal failed', async () => {
    const running = await startObserved({ retry: { retries: 0 }, cache: { maxTokens: 1 } });
    const { tokens, server, clock } = running;
    await tokens.getToken();
    await failRenewal(running);
    server.script(granted('token-2'));
    const began = clock.now() / 1_000;

    await tokens.getToken({ scope: 'b' });

    expect(await valuesOf(running)).toEqual([began + 3_600, began, 0]);
  });

  test('describe the first token to expire of those whose renewal fails, until it is renewed', async () => {
    const running = await startObserved({ retry: { retries: 0 } });
    const { tokens, server, clock } = running;
    const began = clock.now() / 1_000;
    const scopes = ['a', 'b', 'c'];
    for (const scope of scopes) {
      await tokens.getToken({ scope });
      clock.advance(60_000);
    }
    server.script(({ body }) => (body.includes('scope=a') ? granted('new') : { status: 503 }));
    clock.advance(0.92 * hour);
    for (const scope of scopes) await tokens.getToken({ scope });
    await until(() => tokens.stats().tokens.filter(({ failingSince }) => failingSince !== undefined).length === 2);

    expect(await valuesOf(running)).toEqual([began + 60 + 3_600, began + 60, 1]);

    server.script(() => granted('newer'));
    clock.advance(20_000);
    for (const scope of scopes) await tokens.getToken({ scope });
    await until(() => tokens.stats().tokens.every(({ failingSince }) => failingSince === undefined));
    expect((await valuesOf(running))[2]).toBe(0);
  });

  test('describe an expired token while its renewal fails', async () => {
    const running = await startObserved({ retry: { retries: 0 } });
    const { tokens, clock } = running;
    const expiresAt = clock.now() / 1_000 + 3_600;
    await tokens.getToken();
    await failRenewal(running);
    clock.advance(hour);
    await failureOf(tokens.getToken());

    expect(await valuesOf(running)).toEqual([expiresAt, expiresAt - 3_600, 1]);
  });

  test('do not count a token request that never had a token', async () => {
    const running = await startObserved({ retry: { retries: 0 } });
    running.server.script(refused('invalid_scope'));

    await failureOf(running.tokens.getToken());

    expect(await valuesOf(running)).toEqual([undefined, undefined, 0]);
  });
});

describe('m2m.grant.suppressed', () => {
  test('counts grants that were not sent, by the reason', async () => {
    const { tokens, server, series } = await startObserved({ retry: { retries: 0 }, random: () => 0.5 });
    server.script({ status: 503 });
    await failureOf(tokens.getToken());
    await failureOf(tokens.getToken());
    await failureOf(tokens.getToken());
    server.script({ status: 429, headers: { 'retry-after': '60' } });
    await failureOf(tokens.getToken({ scope: 'a' }));
    await failureOf(tokens.getToken({ scope: 'a' }));

    expect(await series('m2m.grant.suppressed')).toEqual([
      { attributes: { ...common, 'm2m.suppression': 'backoff' }, value: 2 },
      { attributes: { ...common, 'm2m.suppression': 'retry_after' }, value: 1 },
    ]);
  });

  test('counts a grant that another replica sends', async () => {
    const store = memoryStore();
    const one = await startTokenService({ store, clock: systemClock });
    const metrics = startMetrics();
    const other = await startTokenService({ store, clock: systemClock, tokenEndpoint: one.server.tokenEndpoint });
    observeTokens(other.tokens, { meterProvider: metrics.meterProvider });
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    one.server.script(async () => {
      await opened;
      return granted('token-1');
    });

    const first = one.tokens.getToken();
    await until(() => one.server.grants.length === 1);
    const second = other.tokens.getToken();
    await until(async () => (await metrics.series('m2m.grant.suppressed')).length > 0);
    open();
    await Promise.all([first, second]);

    expect(await metrics.series('m2m.grant.suppressed')).toEqual([
      { attributes: { ...common, 'm2m.suppression': 'lease' }, value: 1 },
    ]);
    expect(one.server.grants).toHaveLength(1);
  });
});

describe('m2m.request.rejected', () => {
  test('counts what became of rejected requests, with the host of the API', async () => {
    const { tokens, clock, series } = await startObserved({ clientId: 'orders' });
    const api = await startResourceServer();
    const origins = [api.origin.replace('127.0.0.1', 'localhost')];
    const url = `${origins[0]}/orders`;
    const send = withBearerToken(fetch, tokens, { origins });
    const sendOnce = withBearerToken(fetch, tokens, { origins, resend: 'never' });

    api.revoke('token-1', 'token-2');
    await send(url);
    clock.advance(10_000);
    await sendOnce(url);
    await untilRenewed(tokens, 'token-3');
    await send(url, { method: 'POST', body: new Blob(['a']).stream(), duplex: 'half' });
    api.answer(() => ({ status: 401, headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' } }));
    await send(url);

    const counted = await series('m2m.request.rejected');
    expect(counted.map(({ attributes, value }) => [attributes['m2m.rejection.outcome'], value])).toEqual([
      ['resent', 1],
      ['resent_already', 1],
      ['resend_option', 1],
      ['not_rejected', 1],
    ]);
    expect(counted[0]?.attributes).toEqual({
      ...common,
      'server.address': 'localhost',
      'm2m.rejection.outcome': 'resent',
    });
  });

  test('counts a request that is resent with a DPoP nonce', async () => {
    const metrics = startMetrics();
    const { tokens, api, atApi } = await startDpopSurroundings();
    observeTokens(tokens, { meterProvider: metrics.meterProvider });
    atApi.require('nonce-1');

    await withBearerToken(fetch, tokens, { origins: [api.origin] })(api.origin);

    const counted = await metrics.series('m2m.request.rejected');
    expect(counted.map(({ attributes }) => attributes['m2m.rejection.outcome'])).toEqual(['dpop_nonce']);
  });

  test.each([
    ['same token', 'same_token'],
    ['body cannot be sent twice', 'body'],
    ['redirected', 'redirected'],
  ] as const)('counts the reason "%s" as %s', async (reason, outcome) => {
    const { tokens, series } = await startObserved();

    tokens.report?.({ type: 'request.not_resent', method: 'POST', origin: 'https://[2001:db8::1]:8443', reason });

    expect(await series('m2m.request.rejected')).toEqual([
      { attributes: { ...common, 'server.address': '2001:db8::1', 'm2m.rejection.outcome': outcome }, value: 1 },
    ]);
  });
});

describe('m2m.store.operation.duration', () => {
  test('is recorded for each operation, with its error', async () => {
    const store = memoryStore();
    const { tokens, series } = await startObserved({
      clock: systemClock,
      store: {
        ...store,
        get: async () => {
          throw Object.assign(new Error('READONLY token-1'), { name: 'ReplyError' });
        },
      },
    });

    await tokens.getToken();

    const [operation] = await series('m2m.store.operation.duration');
    expect(operation).toEqual({
      attributes: { ...common, 'm2m.store.operation': 'get', 'error.type': 'ReplyError READONLY' },
      value: 1,
    });
  });

  test('has a limited number of error types', async () => {
    const clock = fakeClock();
    let failures = 0;
    const store = memoryStore({ clock });
    const { tokens, series } = await startObserved({
      clock,
      store: {
        ...store,
        get: async () => {
          failures += 1;
          throw Object.assign(new Error('failed'), { code: `E${failures}` });
        },
      },
    });

    for (let scope = 0; scope < 30; scope += 1) {
      await tokens.getToken({ scope: `s${scope}` });
      clock.advance(6_000);
    }

    const types = (await series('m2m.store.operation.duration')).map(({ attributes }) => attributes['error.type']);
    expect(failures).toBe(30);
    expect(types.filter(Boolean)).toHaveLength(21);
    expect(types).toContain('_OTHER');
  });
});

describe('the other gauges', () => {
  test('show the size of the cache and its evictions', async () => {
    const { tokens, series } = await startObserved({ cache: { maxTokens: 2 } });
    for (const scope of ['a', 'b', 'c']) await tokens.getToken({ scope });

    expect(await series('m2m.cache.size')).toEqual([{ attributes: common, value: 2 }]);
    expect(await series('m2m.cache.evictions')).toEqual([{ attributes: common, value: 1 }]);
  });

  test('show when the credential expires, once a grant has used it', async () => {
    const { tokens, series } = await startObserved({
      clientSecret: () => ({ value: 'secret', expiresAt: 1_800_000_000_000 }),
    });
    expect(await series('m2m.credential.expiration')).toEqual([]);

    await tokens.getToken();

    expect(await series('m2m.credential.expiration')).toEqual([
      { attributes: { ...common, 'm2m.credential': 'secret' }, value: 1_800_000_000 },
    ]);
  });

  test('show the clock skew in seconds', async () => {
    const [{ tokens }, { meterProvider, series }] = [await startTokenService(), startMetrics()];
    const stats = () => ({ ...tokens.stats(), clockSkewMs: 90_500 });
    observeTokens({ ...tokens, stats }, { meterProvider });

    expect(await series('m2m.clock.skew')).toEqual([{ attributes: common, value: 90.5 }]);
  });
});

test('a service that is not observed any more has no series', async () => {
  const [{ tokens }, metrics] = [await startTokenService(), startMetrics()];
  const stop = observeTokens(tokens, { meterProvider: metrics.meterProvider });
  stop();
  stop();

  await tokens.getToken();

  expect(Object.values(await metrics.collect()).map(({ dataPoints }) => dataPoints.length)).toEqual([]);
});

test('two services share the instruments, and differ in the name of the client', async () => {
  const metrics = startMetrics();
  const [one, other] = [await startTokenService({ name: 'one' }), await startTokenService({ name: 'other' })];
  observeTokens(one.tokens, { meterProvider: metrics.meterProvider });
  observeTokens(other.tokens, { meterProvider: metrics.meterProvider });

  await one.tokens.getToken();

  const sizes = (await metrics.series('m2m.cache.size')).map(({ attributes, value }) => [
    attributes['m2m.client.name'],
    value,
  ]);
  expect(sizes).toEqual([
    ['one', 1],
    ['other', 0],
  ]);
});
