import type { Meter, MeterProvider, Span, Tracer, TracerProvider } from '@opentelemetry/api';
import { describe, expect, test } from '@jest/globals';
import * as newerApi from 'opentelemetry-api-1.10';

import { ConfigurationError } from '../../../src/core/errors.js';
import { compose } from '../../../src/core/token-source.js';
import { staticToken } from '../../../src/service/static-token.js';
import type { TokenService } from '../../../src/service/token-service.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { observeTokens } from '../../../src/telemetry/opentelemetry/index.js';
import { granted } from '../../support/authorization-server.js';
import { cleanUp } from '../../support/clean-up.js';
import { failureOf } from '../../support/grant-outcome.js';
import { startMetrics, startTraces } from '../../support/telemetry.js';
import { startTokenService } from '../../support/token-service.js';
import { settle } from '../../support/tokens.js';
import { untilRenewed } from '../../support/until.js';
import { warnings } from '../../support/warnings.js';

describe('observeTokens refuses', () => {
  test.each([
    ['a static token', () => staticToken('key')],
    ['a token source of the user', () => ({ getToken: async () => Promise.reject(new Error('no')) })],
    ['a token source that has statistics', () => ({ ...staticToken('key'), stats: () => ({}) })],
    ['a promise', async () => (await startTokenService()).tokens],
  ])('%s, and says what it needs', (_, tokens) => {
    const observe = () => observeTokens(tokens() as object as TokenService);

    expect(observe).toThrow(ConfigurationError);
    expect(observe).toThrow(
      '"tokens" of observeTokens must be a token service, made by createTokenService or tokenServiceFromEnvironment',
    );
  });

  test('a token service in layers of the user', async () => {
    const { tokens } = await startTokenService();

    expect(() => observeTokens(compose(tokens, (inner) => inner) as TokenService)).toThrow(ConfigurationError);
  });

  test('a second observation of the same service, until the first one is stopped', async () => {
    const [{ tokens }, { meterProvider, collect }] = [await startTokenService(), startMetrics()];
    const stop = observeTokens(tokens, { meterProvider });

    expect(() => observeTokens(tokens, { meterProvider })).toThrow(ConfigurationError);
    expect(() => observeTokens(tokens, { meterProvider })).toThrow('m2m-tokens observes this token service already');

    stop();
    observeTokens(tokens, { meterProvider });
    await tokens.getToken();
    expect((await collect())['m2m.token.grant.duration']?.dataPoints).toHaveLength(1);
  });
});

const broken = (): never => {
  throw new Error('broken');
};

/** A copy of an object, in which a method throws. */
const withBroken = <T extends object>(value: T, method: keyof T): T =>
  new Proxy(value, {
    get: (target, name) => {
      const member: unknown = name === method ? broken : Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });

/** Makes and renews tokens of all kinds; returns the number of grants. */
async function useTokens(options: Parameters<typeof observeTokens>[1]): Promise<number> {
  const { tokens, server, clock } = await startTokenService({ store: memoryStore(), retry: { retries: 0 } });
  const stop = observeTokens(tokens, options);
  server.script({ status: 503 }, () => granted(`token-${server.grants.length - 1}`));

  expect(await failureOf(tokens.getToken())).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE' });
  const both = await Promise.all([tokens.getToken(), tokens.getToken()]);
  expect(both.map(({ value }) => value)).toEqual(['token-1', 'token-1']);
  clock.advance(3_400_000);
  expect((await tokens.getToken()).value).toBe('token-1');
  await untilRenewed(tokens);
  tokens.report?.({ type: 'request.resent', method: 'GET', origin: 'https://api', reason: 'token rejected' });
  await settle();
  expect(stop).not.toThrow();
  return server.grants.length;
}

describe('a failure of OpenTelemetry is a warning, and each grant is sent once:', () => {
  function meterProviderWith(change: (meter: Meter) => Meter): MeterProvider {
    const { meterProvider } = startMetrics();
    return { getMeter: (...name) => change(meterProvider.getMeter(...name)) };
  }

  function tracerProviderWith(change: (tracer: Tracer) => Tracer): TracerProvider {
    const { tracerProvider } = startTraces();
    return { getTracer: (...name) => change(tracerProvider.getTracer(...name)) };
  }

  const spanWith = (method: keyof Span) => (): TracerProvider =>
    tracerProviderWith((tracer) => ({
      startSpan: (...span) => withBroken(tracer.startSpan(...span), method),
      startActiveSpan: broken,
    }));

  const instrumentWith = (create: 'createHistogram' | 'createCounter', method: 'record' | 'add') => (): MeterProvider =>
    meterProviderWith(
      (meter) =>
        new Proxy(meter, {
          get: (target, name) => {
            const member = Reflect.get(target, name) as (...args: unknown[]) => object;
            if (name !== create) return member.bind(target);
            return (...args: unknown[]) => withBroken(member.apply(target, args) as never, method as never) as object;
          },
        }),
    );

  test.each<[string, () => MeterProvider]>([
    ['getMeter', () => ({ getMeter: broken })],
    ['createHistogram', () => meterProviderWith((meter) => withBroken(meter, 'createHistogram'))],
    ['createObservableGauge', () => meterProviderWith((meter) => withBroken(meter, 'createObservableGauge'))],
    ['addBatchObservableCallback', () => meterProviderWith((meter) => withBroken(meter, 'addBatchObservableCallback'))],
    [
      'removeBatchObservableCallback',
      () => meterProviderWith((meter) => withBroken(meter, 'removeBatchObservableCallback')),
    ],
    ['record', instrumentWith('createHistogram', 'record')],
    ['add', instrumentWith('createCounter', 'add')],
  ])('of %s of a meter, and spans are still made', async (_, meterProvider) => {
    const messages = warnings();
    const { tracerProvider, spans } = startTraces();

    const grants = await useTokens({ meterProvider: meterProvider(), tracerProvider });

    expect(grants).toBe(3);
    const attempts = spans().map(({ name, attributes }) => [name, attributes['m2m.grant.attempts']]);
    expect(attempts).toEqual(Array.from({ length: 3 }, () => ['m2m.token.grant', 1]));
    expect(messages).toContainEqual(expect.stringMatching(/m2m-tokens failed.*: Error: broken$/));
  });

  test.each<[string, () => TracerProvider]>([
    ['getTracer', () => ({ getTracer: broken })],
    ['startSpan', () => tracerProviderWith((tracer) => withBroken(tracer, 'startSpan'))],
    ['isRecording', spanWith('isRecording')],
    ['setAttribute', spanWith('setAttribute')],
    ['setStatus', spanWith('setStatus')],
    ['end', spanWith('end')],
  ])('of %s of a tracer or a span, and metrics are still recorded', async (_, tracerProvider) => {
    const messages = warnings();
    const { meterProvider, series } = startMetrics();

    const grants = await useTokens({ meterProvider, tracerProvider: tracerProvider() });

    expect(grants).toBe(3);
    const counts = (await series('m2m.token.grant.duration')).map(({ value }) => value);
    expect(counts).toEqual([1, 1, 1]);
    expect(messages).toContainEqual(expect.stringMatching(/(m2m-tokens failed|failed on a grant).*: Error: broken$/));
  });

  test('of addEvent of a span', async () => {
    const messages = warnings();
    let secret = 'first';
    const { tokens, server } = await startTokenService({ clientSecret: () => secret });
    observeTokens(tokens, { tracerProvider: spanWith('addEvent')() });
    await tokens.getToken();
    secret = 'second';

    await tokens.getToken({ scope: 'a' });

    expect(server.grants).toHaveLength(2);
    expect(messages).toEqual([
      'An event sink of m2m-tokens failed on "credential.reread"; its further failures are not reported: Error: broken',
    ]);
  });
});

test('without an SDK, nothing happens', async () => {
  const messages = warnings();

  expect(await useTokens({})).toBe(3);
  expect(messages).toEqual([]);
});

describe('two versions of the API package', () => {
  const apiKey = Symbol.for('opentelemetry.js.api.1');
  const globals = globalThis as Record<symbol, unknown>;
  const forgetRegistrations = () => delete globals[apiKey];

  /** Registers the providers of an SDK with the newer version of the API. */
  function register() {
    const [{ tracerProvider, spans }, { meterProvider, series }] = [startTraces(), startMetrics()];
    // The first registration decides which version the others must have.
    forgetRegistrations();
    cleanUp(forgetRegistrations);
    expect(newerApi.trace.setGlobalTracerProvider(tracerProvider)).toBe(true);
    expect(newerApi.metrics.setGlobalMeterProvider(meterProvider as object as newerApi.MeterProvider)).toBe(true);
    return { spans, series };
  }

  test('work together if the one of the SDK is newer', async () => {
    const messages = warnings();
    const { spans, series } = register();

    expect(await useTokens({})).toBe(3);

    expect(spans().map(({ name }) => name)).toEqual(Array.from({ length: 3 }, () => 'm2m.token.grant'));
    expect(await series('m2m.token.grant.duration')).toHaveLength(3);
    expect(messages).toEqual([]);
  });

  test('are no-ops if the one of the SDK is older', async () => {
    const messages = warnings();
    const { spans, series } = register();
    const { trace, metrics } = globals[apiKey] as Record<string, unknown>;
    forgetRegistrations();
    globals[apiKey] = { version: '1.4.0', trace, metrics };

    expect(await useTokens({})).toBe(3);

    expect(spans()).toEqual([]);
    expect(await series('m2m.token.grant.duration')).toEqual([]);
    expect(messages).toEqual([]);
  });
});
