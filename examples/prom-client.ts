// Metrics for Prometheus with prom-client, read from the snapshot on collection. Names and labels are those of
// m2m-tokens/opentelemetry, so a dashboard for one fits the other. Run it with OAUTH_ISSUER and CLIENT_SECRET set:
// npx tsx examples/prom-client.ts
import { createTokenService, type TokenState, type TokenStats } from 'm2m-tokens';
import { Counter, Gauge, Registry } from 'prom-client';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
});

const { service, authorizationServer } = tokens.stats();
const labels = {
  m2m_client_name: service,
  server_address: new URL(authorizationServer).hostname,
  oauth_grant_type: 'client_credentials',
};
const registry = new Registry();

/** Adds a gauge, which has no value while `read` returns `undefined`. */
function gauge(name: string, help: string, read: (stats: TokenStats) => number | undefined): void {
  const metric: Gauge = new Gauge({
    name,
    help,
    labelNames: Object.keys(labels),
    registers: [registry],
    collect() {
      metric.reset();
      const value = read(tokens.stats());
      if (value !== undefined) metric.set(labels, value);
    },
  });
}

/** Adds a counter with a value for each value of `label`. */
function counter(name: string, help: string, label: string, read: (stats: TokenStats) => Record<string, number>): void {
  const metric: Counter = new Counter({
    name,
    help,
    labelNames: [...Object.keys(labels), label],
    registers: [registry],
    collect() {
      metric.reset();
      for (const [key, count] of Object.entries(read(tokens.stats()))) metric.inc({ ...labels, [label]: key }, count);
    },
  });
}

const isFailing = ({ failingSince }: TokenState) => failingSince !== undefined;
const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1_000);

/** Of the tokens whose renewal fails, the first to expire; if no renewal fails, the token that was renewed last. */
function watched({ tokens: all }: TokenStats): TokenState | undefined {
  const first = all.filter(isFailing).toSorted((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0))[0];
  return first ?? all.toSorted((a, b) => (b.renewedAt ?? 0) - (a.renewedAt ?? 0))[0];
}

gauge('m2m_token_expiration_seconds', 'When the token expires', (stats) => seconds(watched(stats)?.expiresAt));
gauge('m2m_token_renewed_seconds', 'When the token was renewed', (stats) => seconds(watched(stats)?.renewedAt));
gauge('m2m_token_renewal_failing', 'Whether a renewal fails', (stats) => Number(stats.tokens.some(isFailing)));
gauge('m2m_cache_size', 'Tokens in the cache', ({ cache }) => cache.size);
gauge('m2m_clock_skew_seconds', 'How far the clock of the server is ahead', (stats) => seconds(stats.clockSkewMs));
counter('m2m_token_requests_total', 'Calls of getToken', 'm2m_token_source', ({ requests }) => requests);

// Usually the response to GET /metrics.
await tokens.ready();
console.log(await registry.metrics());
