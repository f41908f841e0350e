import { context, trace } from '@opentelemetry/api';
import { ExportResultCode, suppressTracing } from '@opentelemetry/core';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import {
  NodeTracerProvider,
  ParentBasedSampler,
  type ReadableSpan,
  SamplingDecision,
  SimpleSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node';
import { describe, expect, test } from '@jest/globals';

import { systemClock } from '../../../src/core/clock.js';
import type { TokenServiceOptions } from '../../../src/service/options.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { observeTokens } from '../../../src/telemetry/opentelemetry/index.js';
import { granted, refused } from '../../support/authorization-server.js';
import { cleanUp } from '../../support/clean-up.js';
import { fakeClock } from '../../support/clock.js';
import { startDpopSurroundings } from '../../support/dpop-service.js';
import { failureOf } from '../../support/grant-outcome.js';
import { type CollectedSpans, startTraces } from '../../support/telemetry.js';
import { type RunningTokenService, startTokenService } from '../../support/token-service.js';
import { settle } from '../../support/tokens.js';
import { until, untilRenewed } from '../../support/until.js';

const hour = 3_600_000;
const [unset, failed] = [{ code: 0 }, { code: 2 }];

/** A token service that is observed, and its spans. undici makes a span of each request of `fetch`. */
async function startObserved(
  options: Partial<TokenServiceOptions> = {},
): Promise<RunningTokenService & CollectedSpans> {
  const [running, traces] = [await startTokenService(options), startTraces()];
  observeTokens(running.tokens, { tracerProvider: traces.tracerProvider });
  instrumentUndici(traces);
  return { ...running, ...traces };
}

function instrumentUndici({ tracerProvider }: CollectedSpans): void {
  const undici = new UndiciInstrumentation();
  undici.setTracerProvider(tracerProvider);
  cleanUp(() => undici.disable());
}

/** The spans as a tree: each one after its parent and indented below it. */
function treeOf(spans: readonly ReadableSpan[]): string[] {
  const below = (parent: string | undefined, indent: string): string[] =>
    spans
      .filter(({ parentSpanContext }) => parentSpanContext?.spanId === parent)
      .flatMap((span) => [`${indent}${span.name}`, ...below(span.spanContext().spanId, `${indent}  `)]);
  return below(undefined, '');
}

const named = (name: string, spans: readonly ReadableSpan[]) => spans.filter((span) => span.name === name);
const grantSpans = ({ spans }: CollectedSpans) => named('m2m.token.grant', spans());
const eventsOf = (span: ReadableSpan | undefined) => span?.events.map(({ name, attributes }) => [name, attributes]);

describe('the span of a grant', () => {
  test('is a child of the span of the caller, and the parent of the HTTP request; nothing is there twice', async () => {
    const { tokens, spans, inSpan } = await startObserved({ name: 'shop' });

    await inSpan('the caller', () => tokens.getToken());

    expect(treeOf(spans())).toEqual(['the caller', '  m2m.token.grant', '    POST']);
  });

  test('has the documented kind, attributes and status', async () => {
    const observed = await startObserved({ name: 'shop' });

    await observed.tokens.getToken();

    const [span] = grantSpans(observed);
    expect(span?.attributes).toEqual({
      'm2m.client.name': 'shop',
      'server.address': '127.0.0.1',
      'oauth.grant_type': 'client_credentials',
      'm2m.grant.reason': 'cold',
      'm2m.grant.attempts': 1,
    });
    expect(span).toMatchObject({ kind: 0, status: unset, events: [], links: [] });
    expect(span?.instrumentationScope.name).toBe('m2m-tokens');
  });

  test('is absent for a token from memory', async () => {
    const { tokens, spans, inSpan } = await startObserved();
    await tokens.getToken();
    const before = spans().length;

    await inSpan('the caller', () => tokens.getToken());

    expect(
      spans()
        .slice(before)
        .map(({ name }) => name),
    ).toEqual(['the caller']);
  });

  test('covers all attempts, and has an event for each retry', async () => {
    const observed = await startObserved({ clock: systemClock });
    observed.server.script({ status: 503 }, { status: 502 }, granted('token-1'));

    await observed.tokens.getToken();

    const [span] = grantSpans(observed);
    expect(treeOf(observed.spans())).toEqual(['m2m.token.grant', '  POST', '  POST', '  POST']);
    expect(span?.attributes['m2m.grant.attempts']).toBe(3);
    expect(span?.status).toEqual(unset);
    expect(span?.attributes['error.type']).toBeUndefined();
    const retry = { 'm2m.grant.retry_after': 0, 'error.type': 'ERR_GRANT_UNAVAILABLE' };
    expect(eventsOf(span)).toEqual([
      ['m2m.grant.retry', { ...retry, 'm2m.grant.attempt': 1 }],
      ['m2m.grant.retry', { ...retry, 'm2m.grant.attempt': 2 }],
    ]);
  });

  test('belongs to its own grant if several run at the same time', async () => {
    const observed = await startObserved({ clock: systemClock });
    const { tokens, server, inSpan } = observed;
    let failures = 0;
    server.script(({ body }) => {
      if (!body.includes('scope=b') || failures === 2) return granted('t');
      failures += 1;
      return { status: 503 };
    });

    await Promise.all(['a', 'b'].map((scope) => inSpan(scope, () => tokens.getToken({ scope }))));

    const attempts = grantSpans(observed).map(({ attributes }) => attributes['m2m.grant.attempts']);
    expect(new Set(attempts)).toEqual(new Set([1, 3]));
    expect(treeOf(observed.spans()).toSorted()).toEqual(
      ['a', '  m2m.token.grant', '    POST', 'b', '  m2m.token.grant', '    POST', '    POST', '    POST'].toSorted(),
    );
  });

  test('has the status error, the error and its message if the caller fails', async () => {
    const observed = await startObserved();
    observed.server.script(refused('invalid_client', { status: 401 }));

    const error = await failureOf(observed.tokens.getToken());

    const [span] = grantSpans(observed);
    expect(span?.status).toEqual({ ...failed, message: (error as Error).message });
    expect(span?.attributes).toMatchObject({ 'error.type': 'invalid_client', 'm2m.grant.attempts': 1 });
  });

  test('has an event if the authorization server asks for a DPoP nonce', async () => {
    const traces = startTraces();
    const { tokens, atTokenEndpoint } = await startDpopSurroundings();
    observeTokens(tokens, { tracerProvider: traces.tracerProvider });
    instrumentUndici(traces);
    atTokenEndpoint.require('nonce-1');

    await tokens.getToken();
    await tokens.getToken({ scope: 'a' });

    const [first, second] = grantSpans(traces);
    expect(eventsOf(first)).toEqual([['m2m.dpop.nonce', { 'm2m.grant.attempt': 2 }]]);
    expect(eventsOf(second)).toEqual([]);
    expect(treeOf(traces.spans())).toEqual(['m2m.token.grant', '  POST', '  POST', 'm2m.token.grant', '  POST']);
  });

  test('has an event if the credential has changed', async () => {
    let value = 'first';
    const observed = await startObserved({ clientSecret: () => value });
    await observed.tokens.getToken();
    value = 'second';

    await observed.tokens.getToken({ scope: 'a' });

    const [first, second] = grantSpans(observed);
    expect(eventsOf(first)).toEqual([]);
    expect(eventsOf(second)).toEqual([['m2m.credential.reread', { 'm2m.credential': 'secret' }]]);
  });
});

describe('the span of a renewal', () => {
  test('in the background is a trace of its own with a link to the caller that triggered it', async () => {
    const observed = await startObserved();
    const { tokens, clock, spans, inSpan } = observed;
    await tokens.getToken();
    clock.advance(0.95 * hour);

    await inSpan('the trigger', () => tokens.getToken());
    await untilRenewed(tokens);

    const [trigger] = named('the trigger', spans());
    const renewal = grantSpans(observed).at(-1);
    expect(treeOf(spans())).toEqual(['m2m.token.grant', '  POST', 'the trigger', 'm2m.token.grant', '  POST']);
    expect(renewal?.attributes['m2m.grant.reason']).toBe('advisory');
    expect(renewal?.spanContext().traceId).not.toBe(trigger?.spanContext().traceId);
    expect(renewal?.links.map((link) => link.context)).toEqual([trigger?.spanContext()]);
  });

  test('in the background has no link if the trigger has no span', async () => {
    const observed = await startObserved();
    await observed.tokens.getToken();
    observed.clock.advance(0.95 * hour);

    await observed.tokens.getToken();
    await untilRenewed(observed.tokens);

    expect(grantSpans(observed).at(-1)?.links).toEqual([]);
  });

  test('that callers wait for is a child of the span of the caller', async () => {
    const observed = await startObserved();
    const { tokens, clock, spans, inSpan } = observed;
    const token = await tokens.getToken();
    clock.advance(10_000);

    await inSpan('rejected', () => tokens.getToken(undefined, { replacing: token }));

    expect(treeOf(spans()).slice(2)).toEqual(['rejected', '  m2m.token.grant', '    POST']);
    expect(grantSpans(observed).at(-1)).toMatchObject({ links: [], attributes: { 'm2m.grant.reason': 'rejected' } });
  });

  test.each([
    ['in the background', 0.95 * hour, 'advisory'],
    ['that callers wait for', hour - 5_000, 'mandatory'],
  ])('%s has no status error while the token is valid, although it fails', async (_, ms, reason) => {
    const observed = await startObserved({ retry: { retries: 0 } });
    await observed.tokens.getToken();
    observed.server.script({ status: 503 });
    observed.clock.advance(ms);

    const { value } = await observed.tokens.getToken();
    await until(() => grantSpans(observed).length === 2);

    expect(value).toBe('token-1');
    expect(grantSpans(observed).at(-1)).toMatchObject({
      status: unset,
      attributes: { 'm2m.grant.reason': reason, 'error.type': 'ERR_GRANT_UNAVAILABLE', 'm2m.grant.attempts': 1 },
    });
  });

  test('has the status error once the token has expired', async () => {
    const observed = await startObserved({ retry: { retries: 0 } });
    await observed.tokens.getToken();
    observed.server.script({ status: 503 });
    observed.clock.advance(2 * hour);

    await failureOf(observed.tokens.getToken());

    expect(grantSpans(observed).at(-1)?.status).toMatchObject(failed);
  });

  test('has no status error if the shared store has a valid token', async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    const one = await startTokenService({ store, clock });
    await one.tokens.getToken();
    await one.tokens.flush();
    const other = await startObserved({ store, clock, retry: { retries: 0 }, tokenEndpoint: one.server.tokenEndpoint });
    clock.advance(hour - 20_000);
    one.server.script({ status: 503 });

    const { value } = await other.tokens.getToken();
    await until(() => grantSpans(other).length === 1);

    expect(value).toBe('token-1');
    expect(grantSpans(other)).toEqual([expect.objectContaining({ status: unset })]);
  });
});

describe('a caller that waits for the grant of another caller', () => {
  test('gets an event on its own span', async () => {
    const { tokens, server, clock, spans, inSpan } = await startObserved();
    server.script(() => {
      clock.advance(250);
      return granted('token-1');
    });

    await Promise.all(['first', 'second', 'third'].map((name) => inSpan(name, () => tokens.getToken())));
    await inSpan('fourth', () => tokens.getToken());

    expect(eventsOf(named('first', spans())[0])).toEqual([]);
    expect(eventsOf(named('fourth', spans())[0])).toEqual([]);
    for (const name of ['second', 'third']) {
      expect(eventsOf(named(name, spans())[0])).toEqual([
        ['m2m.token.joined', expect.objectContaining({ 'm2m.client.name': 'orders', 'm2m.token.wait.duration': 0.25 })],
      ]);
    }
    expect(named('m2m.token.grant', spans())).toHaveLength(1);
  });

  test('needs no span', async () => {
    const { tokens, spans } = await startObserved();

    await Promise.all([tokens.getToken(), tokens.getToken()]);

    expect(treeOf(spans())).toEqual(['m2m.token.grant', '  POST']);
  });
});

describe('an exporter that sends its spans with tokens', () => {
  /** An exporter that gets a token for each export. */
  async function startExporter() {
    const [{ tokens, server }, traces] = [await startTokenService({ retry: { retries: 0 } }), startTraces()];
    const exported: string[] = [];
    let exports = 0;
    const exporter: SpanExporter = {
      export(spans, done) {
        exports += 1;
        exported.push(...spans.map(({ name }) => name));
        // Each export needs a grant.
        const token = Promise.all([
          tokens.getToken({ scope: `s${exports}` }),
          tokens.getToken({ scope: `s${exports}` }),
        ]);
        token.then(
          // oxlint-disable-next-line no-unsafe-enum-assignment -- the linter takes the enum for another one
          () => done({ code: ExportResultCode.SUCCESS }),
          // oxlint-disable-next-line no-unsafe-enum-assignment
          (error: Error) => done({ code: ExportResultCode.FAILED, error }),
        );
      },
      shutdown: async () => undefined,
    };
    const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    cleanUp(() => tracerProvider.shutdown());
    observeTokens(tokens, { tracerProvider });
    instrumentUndici({ ...traces, tracerProvider });
    return { tokens, server, tracerProvider, exported };
  }

  test('makes no spans of its own grants, which would cause exports without end', async () => {
    const { server, tracerProvider, exported } = await startExporter();

    tracerProvider.getTracer('an application').startSpan('work').end();
    await until(() => server.grants.length === 1);
    for (let turn = 0; turn < 50; turn += 1) await settle();

    expect(exported).toEqual(['work']);
    expect(server.grants).toHaveLength(1);
  });

  test('adds no event to the span of an application that is active', async () => {
    const { server, tracerProvider } = await startExporter();
    const tracer = tracerProvider.getTracer('an application');
    const outer = tracer.startSpan('outer');

    context.with(trace.setSpan(context.active(), outer), () => tracer.startSpan('inner').end());
    await until(() => server.grants.length === 1);
    for (let turn = 0; turn < 50; turn += 1) await settle();

    expect(eventsOf(outer as unknown as ReadableSpan)).toEqual([]);
    outer.end();
  });

  test('does not start a span with a tracer of another SDK either', async () => {
    const [{ tokens }, { tracerProvider }] = [await startTokenService(), startTraces()];
    const started: string[] = [];
    const tracer = tracerProvider.getTracer('another SDK');
    observeTokens(tokens, {
      tracerProvider: {
        getTracer: () => ({
          startSpan: (name, ...rest) => {
            started.push(name);
            return tracer.startSpan(name, ...rest);
          },
          startActiveSpan: () => undefined as never,
        }),
      },
    });
    await context.with(suppressTracing(context.active()), () => tokens.getToken());

    expect(started).toEqual([]);
  });
});

describe('a span that is not sampled', () => {
  test('leaves no HTTP spans without a parent', async () => {
    const sampler = new ParentBasedSampler({
      root: {
        shouldSample: (_context, _traceId, name) => ({
          decision: name === 'm2m.token.grant' ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED,
        }),
      },
    });
    const [{ tokens }, traces] = [await startTokenService(), startTraces({ sampler })];
    observeTokens(tokens, { tracerProvider: traces.tracerProvider });
    instrumentUndici(traces);

    await tokens.getToken();

    expect(traces.spans()).toEqual([]);
  });
});

test('without a context manager, a span still has its attempts and events', async () => {
  const observed = await startObserved({ clock: systemClock });
  context.disable();
  observed.server.script({ status: 503 }, granted('token-1'));

  await observed.tokens.getToken();

  const [span] = grantSpans(observed);
  expect(span?.attributes['m2m.grant.attempts']).toBe(2);
  expect(span?.events.map(({ name }) => name)).toEqual(['m2m.grant.retry']);
});

test('a service that is not observed any more makes no spans', async () => {
  const [{ tokens }, traces] = [await startTokenService(), startTraces()];
  const stop = observeTokens(tokens, { tracerProvider: traces.tracerProvider });
  stop();

  await tokens.getToken();

  expect(traces.spans()).toEqual([]);
});

test('the global tracer provider may be registered after the observation began', async () => {
  const [{ tokens }, traces] = [await startTokenService(), startTraces()];
  observeTokens(tokens);
  trace.setGlobalTracerProvider(traces.tracerProvider);
  cleanUp(() => trace.disable());

  await tokens.getToken();

  expect(traces.spans().map(({ name }) => name)).toEqual(['m2m.token.grant']);
});
