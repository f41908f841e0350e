import { randomUUID } from 'node:crypto';

import { expect } from '@jest/globals';

import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { freePort } from '../support/free-port.js';
import type { Answer, RecordedRequest } from '../support/http-server.js';
import { startTlsServer } from '../support/mutual-tls.js';
import { redisProgram } from '../support/programs.js';
import { startRedis, test as redisTest } from '../support/redis.js';
import { commonLabels, metricOf, metrics, seriesOf } from './contract.js';
import { dataPanels } from './files.js';
import { startObservedProcess } from './observed-process.js';
import { type Expected, startPrometheus } from './prometheus.js';
import { test as prometheusTest } from './promtool.js';

const test = redisProgram() === undefined ? redisTest : prometheusTest;

/** The time series with this label. */
const series = (name: string, value: string, least = 0.001, most = Infinity): Expected => ({
  labels: { [name]: value },
  range: [least, most],
});
const client = (...rest: readonly [name: string, least?: number, most?: number]) => series('m2m_client_name', ...rest);
const source = (...rest: readonly [name: string, least?: number, most?: number]) => series('m2m_token_source', ...rest);
const anySeries = (least: number, most: number): Expected => ({ labels: {}, range: [least, most] });

/** The clients of the scenes of the tour, and those of further-services.ts. */
const clients = {
  tour: 'orders-service|wrong-secret',
  further: 'stored|certificate|assertion|outage|renewed|skew|rejected',
};

/**
 * What each panel shows of these clients. Nothing, if none of them has done what the panel is about: the tour has no
 * store and no renewal, its secrets do not expire, and after a failed grant it ends; and the further services call no API.
 */
const panels: Readonly<Record<string, Readonly<Record<keyof typeof clients, readonly Expected[]>>>> = {
  'Remaining validity': {
    tour: [client('orders-service', 1, 60)],
    further: [client('stored', 3_400, 3_600), client('outage', -60, 60), client('renewed', -60, 5)],
  },
  Renewal: {
    tour: [client('orders-service', 0, 0), client('wrong-secret', 0, 0)],
    further: [client('stored', 0, 0), client('outage', 1, 1), client('renewed', 0, 0)],
  },
  'Token requests by source': {
    // The last two occur once in the life of a service: Prometheus may read the counter only after that.
    tour: [source('memory'), source('grant'), source('joined', 0), source('error', 0)],
    further: [source('memory'), source('grant'), source('shared_store')],
  },
  'Grants by reason': {
    tour: ['cold', 'rejected'].map((reason) => series('m2m_grant_reason', reason)),
    further: ['cold', 'advisory'].map((reason) => series('m2m_grant_reason', reason)),
  },
  // Each grant of the tour takes 200 ms.
  'Latency of grants': { tour: [anySeries(0.1, 2.5)], further: [anySeries(0.0001, 2.5)] },
  'Wait of callers': {
    tour: ['grant', 'joined', 'error'].map((name) => source(name, 0.1, 2.5)),
    further: [source('shared_store', 0.0001, 2.5)],
  },
  'Grants of a replica, as a multiple of the expected': {
    tour: [client('orders-service', 0.001, 1)],
    further: [client('stored', 1, 100), client('renewed', 0.001, 2)],
  },
  'Failed grants by error': {
    tour: [series('error_type', 'invalid_client')],
    further: [series('error_type', 'ERR_GRANT_UNAVAILABLE')],
  },
  'Suppressed grants by cause': { tour: [], further: [series('m2m_suppression', 'backoff')] },
  'Clock skew': { tour: [anySeries(0, 0)], further: [anySeries(3_500, 3_700)] },
  'Rejected requests by outcome': { tour: [series('m2m_rejection_outcome', 'resent')], further: [] },
  'Resends by API': { tour: [client('orders-service')], further: [] },
  'Latency of the store': {
    tour: [],
    further: ['get', 'set', 'delete', 'lease'].map((name) => series('m2m_store_operation', name, 0.0001, 2.5)),
  },
  'Failed store operations': { tour: [], further: [series('m2m_store_operation', 'get')] },
  'Cached tokens': {
    tour: [client('orders-service', 1, 1), client('wrong-secret', 0, 0)],
    further: [client('stored', 1, 1)],
  },
  'Evicted tokens': { tour: [client('orders-service', 0, 0)], further: [client('stored')] },
  'Certificates and secrets': {
    tour: [],
    further: [client('certificate', 1e9), client('stored', 3_000, 3_600)],
  },
  Assertions: { tour: [], further: [client('assertion', 3_000, 3_600)] },
};

const ofStored = '{m2m_client_name="stored"}[5m]';
const seenBeforeTheEndOfTheStore: readonly [query: string, expected: readonly Expected[]][] = [
  ['m2m_request_rejected_total', [client('orders-service')]],
  ['m2m_token_requests_total{m2m_token_source="error"}', [client('wrong-secret')]],
  [`rate(m2m_token_requests_total${ofStored})`, [source('shared_store')]],
  [
    `rate(m2m_store_operation_duration_seconds_count${ofStored})`,
    ['get', 'set', 'delete', 'lease'].map((name) => series('m2m_store_operation', name)),
  ],
  [`rate(m2m_cache_evictions_total${ofStored})`, [client('stored')]],
];

test('each query of the dashboard shows what observed services did', async () => {
  const [authorizationServer, tlsServer, redis] = [
    await startAuthorizationServer(),
    await startTlsServer(() => granted('token-of-a-certificate')),
    await startRedis(),
  ];
  authorizationServer.script(responses());
  const port = await freePort();
  const prometheus = await startPrometheus(`127.0.0.1:${port}`);
  const { origin } = authorizationServer;
  const { tourEnds, beginNextTour } = startObservedProcess({
    port,
    origin,
    tlsTokenEndpoint: `${tlsServer.origin}/token`,
    redisUrl: redis.url,
  });
  await tourEnds();
  // Prometheus may be late on a slow machine: it must have seen the first tour, and the store at work.
  for (const [query, expected] of seenBeforeTheEndOfTheStore) {
    expect({ query, missing: await prometheus.missing(query, expected) }).toEqual({ query, missing: [] });
  }
  await redis.kill();
  beginNextTour();
  await tourEnds();

  expect(Object.keys(panels)).toEqual(dataPanels.map(({ title }) => title));
  for (const { title, targets = [] } of dataPanels) {
    for (const [whose, names] of Object.entries(clients)) {
      for (const { expr } of targets) {
        // As Grafana sends it. The interval covers the whole test.
        const query = expr.replaceAll('$client', names).replaceAll('$__rate_interval', '5m');
        const shown = panels[title]?.[whose as keyof typeof clients] ?? [];
        const missing = await prometheus.missing(query, shown);
        expect({ title, query, missing }).toEqual({ title, query, missing: [] });
        if (shown.length === 0) expect({ title, result: await prometheus.query(query) }).toEqual({ title, result: [] });
      }
    }
  }

  // The exporter has each metric of the contract and no other, with the labels of the contract.
  const found = await prometheus.query('{__name__=~"m2m_.*"}');
  expect(new Set(found.map(({ labels }) => labels['__name__']))).toEqual(
    new Set(Object.keys(metrics).flatMap(seriesOf)),
  );
  expect(new Set(found.flatMap(({ labels }) => unknownLabels(labels)))).toEqual(new Set());

  await expect(prometheus.query('sum(')).rejects.toThrow('parse error');
}, 180_000);

/** The labels that are neither in the contract nor added by Prometheus or its exporter. */
function unknownLabels({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string[] {
  const own = Object.keys(metrics[metricOf(name) ?? '']?.labels ?? {});
  const known = new Set(['job', 'instance', 'le', 'otel_scope_name', ...commonLabels, ...own]);
  return Object.keys(labels).flatMap((label) => (known.has(label) ? [] : `${name}: ${label}`));
}

/** The responses to the further services, each of which has its own token endpoint. */
function responses(): (request: RecordedRequest) => Answer {
  const seen = new Set<string>();
  return ({ path }) => {
    const isFirst = !seen.has(path);
    seen.add(path);
    if (path === '/token/outage') return isFirst ? granted(randomUUID(), { expires_in: 24 }) : { status: 503 };
    if (path === '/token/renewed') return granted(randomUUID(), { expires_in: 5 });
    if (path === '/token/rejected') return refused('invalid_client', { status: 401 });
    if (path === '/token/skew' && isFirst) {
      const headers = { date: new Date(Date.now() + 3_600_000).toUTCString() };
      return { ...refused('invalid_client', { status: 401 }), headers };
    }
    return granted(randomUUID());
  };
}
