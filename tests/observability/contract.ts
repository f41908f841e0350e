/** One metric, as Prometheus sees it. */
export interface Metric {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** The labels beside {@link commonLabels}, with their values; those of `error_type` are examples. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

/** The labels of every metric. */
export const commonLabels = ['m2m_client_name', 'server_address', 'oauth_grant_type'] as const;

const sources = ['memory', 'shared_store', 'grant', 'joined', 'error'];

/** The metrics of `m2m-tokens/opentelemetry` by name, with the unit. */
export const metrics: Readonly<Record<string, Metric>> = {
  m2m_token_grant_duration_seconds: {
    kind: 'histogram',
    labels: {
      m2m_grant_reason: ['cold', 'advisory', 'mandatory', 'rejected', 'min_validity', 'watch'],
      error_type: ['ERR_GRANT_UNAVAILABLE', 'ERR_TOKEN_RESPONSE', 'invalid_client'],
    },
  },
  m2m_token_requests_total: { kind: 'counter', labels: { m2m_token_source: sources } },
  m2m_token_wait_duration_seconds: {
    kind: 'histogram',
    labels: { m2m_token_source: sources, error_type: ['ERR_GRANT_UNAVAILABLE', 'invalid_client'] },
  },
  m2m_token_expiration_seconds: { kind: 'gauge', labels: {} },
  m2m_token_renewed_seconds: { kind: 'gauge', labels: {} },
  m2m_token_renewal_failing: { kind: 'gauge', labels: {} },
  m2m_grant_suppressed_total: { kind: 'counter', labels: { m2m_suppression: ['backoff', 'retry_after', 'lease'] } },
  m2m_request_rejected_total: {
    kind: 'counter',
    labels: {
      m2m_rejection_outcome: [
        'resent',
        'same_token',
        'body',
        'resend_option',
        'dpop_nonce',
        'redirected',
        'not_rejected',
        'resent_already',
      ],
    },
  },
  m2m_store_operation_duration_seconds: {
    kind: 'histogram',
    labels: { m2m_store_operation: ['get', 'set', 'delete', 'lease'], error_type: ['TimeoutError', 'ECONNREFUSED'] },
  },
  m2m_cache_size: { kind: 'gauge', labels: {} },
  m2m_cache_evictions_total: { kind: 'counter', labels: {} },
  m2m_credential_expiration_seconds: {
    kind: 'gauge',
    labels: { m2m_credential: ['certificate', 'assertion', 'secret'] },
  },
  m2m_clock_skew_seconds: { kind: 'gauge', labels: {} },
};

/** The names of the time series of a metric. */
export function seriesOf(name: string): readonly string[] {
  return metrics[name]?.kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name];
}

/** The metric that a time series belongs to; `undefined` if there is none. */
export function metricOf(series: string): string | undefined {
  return Object.keys(metrics).find((name) => seriesOf(name).includes(series));
}
