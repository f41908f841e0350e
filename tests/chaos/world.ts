import { Agent } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import axios from 'axios';
import { createTokenService, GrantRejectedError, GrantUnavailableError, jwtBearer, type TokenEvent } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

import { calls as startCalls } from './calls.js';
import type { Violate } from './findings.js';
import { recover } from './recovery.js';
import type { Figures } from './report.js';
import { requestSpacing } from './request-spacing.js';
import { startRevokingApi } from './revoking-api.js';
import { between, type Random, seededRandom } from './seeded-random.js';
import type { Stalls } from './stalls.js';
import { type DurationRecorder, Tally } from './statistics.js';
import { startStormyAuthorizationServer, type StormyAuthorizationServer } from './stormy-authorization-server.js';
import type { Telemetry } from './telemetry.js';
import { tokenLedger } from './token-ledger.js';
import { unreliableIdentity } from './unreliable-identity.js';
import { weather } from './weather.js';

/** An authorization server, an API, a token service and its callers. */
export interface World {
  readonly figures: () => Figures;
  /**
   * Makes calls until the signal is aborted, and then until a call succeeds. Returns the duration of the second part in
   * ms.
   */
  live(signal: AbortSignal): Promise<number>;
  close(): void;
}

/** Options of {@link startWorld}. */
export interface WorldOptions {
  readonly name: string;
  readonly seed: number;
  readonly callers: number;
  readonly waits: DurationRecorder;
  readonly stalls: Stalls;
  readonly violate: Violate;
  readonly telemetry: Telemetry;
  /** Whether the grants are based on an identity token, whose source fails at random. */
  readonly hasIdentity: boolean;
}

const client = { clientId: 'orders', clientSecret: 'open-sesame' };

/** Starts a world, which shares nothing with other worlds. */
export async function startWorld({
  name,
  seed,
  callers,
  waits,
  stalls,
  violate: violateRule,
  telemetry,
  hasIdentity,
}: WorldOptions): Promise<World> {
  const randomOf = (use: string): Random => seededRandom(seed, use);
  const ledger = tokenLedger();
  const violate: Violate = (rule, example) => violateRule(rule, `${name}: ${example}`);
  const spacing = requestSpacing({ violate, stalls, hasLongOutages: hasIdentity });
  const calls = startCalls({ ledger, waits, stalls, violate });
  const [attempts, events, spells] = [new Tally(), new Tally(), new Tally()];

  const server = await startStormyAuthorizationServer({ random: randomOf('server'), ledger, spacing, ...client });
  const api = await startRevokingApi({ random: randomOf('api'), ledger, onPresented: calls.presented });

  function onEvent(event: TokenEvent): void {
    events.add(event.type);
    if (event.type === 'grant.succeeded') {
      ledger.receive(Number(/issue:(\d+)/.exec(event.scope ?? '')?.[1]), event.durationMs);
      spacing.received(event.lifetimeMs);
    }
    if (event.type === 'grant.failed') {
      attempts.add(event.error.code);
      const { error } = event;
      if (error instanceof GrantUnavailableError && error.status === 429) spacing.limited();
      if (error instanceof GrantRejectedError && error.status === 404) spacing.refused();
    }
  }

  const identity = unreliableIdentity(randomOf('identity'), spells);
  const service = createTokenService({
    ...client,
    grant: hasIdentity ? jwtBearer({ assertion: identity.source }) : undefined,
    name,
    issuer: server.issuer,
    scope: 'orders:read',
    timeoutMs: 1_000,
    // At least 0.5: see request-spacing.ts.
    random: upperHalf(randomOf('client')),
    logger: telemetry.loggerOf(name),
    onEvent,
  });
  const stopObserving = telemetry.observe(service);
  // Closes connections that are idle for a second, before the API closes them.
  const instance = axios.create({ baseURL: api.origin, httpAgent: new Agent({ keepAlive: true, timeout: 1_000 }) });
  instance.interceptors.request.use(bearerToken(calls.observe(service)));

  return {
    figures: () => ({
      calls: { made: calls.made, succeeded: calls.succeeded, failed: calls.failures.total, givenUp: calls.givenUp },
      failures: calls.failures.toJSON(),
      grants: {
        asked: spacing.asked,
        given: ledger.issued,
        received: ledger.received,
        renewals: ledger.renewals,
        failedRenewals: events.count('renewal.failed'),
      },
      failedAttempts: attempts.toJSON(),
      api: {
        revocations: api.revocations,
        unauthorized: api.unauthorized,
        resends: events.count('request.resent'),
      },
      weather: spells.toJSON(),
    }),
    async live(signal) {
      const each = Array.from({ length: callers }, (_, at) => randomOf(`caller ${at}`));
      await Promise.all([
        changeWeather({ server, spells, mayMove: !hasIdentity }, randomOf('weather'), signal),
        api.revokeUntil(signal),
        ...each.map((random) =>
          keepCalling((giveUpAfterMs) => telemetry.inSpan(() => calls.make(instance, giveUpAfterMs)), random, signal),
        ),
      ]);
      identity.heal();
      return recover(calls, instance, violate);
    },
    close() {
      stopObserving();
      server.close();
      api.close();
    },
  };
}

const upperHalf =
  (random: Random): Random =>
  () =>
    0.5 + random() / 2;

interface Climate {
  readonly server: StormyAuthorizationServer;
  readonly spells: Tally;
  readonly mayMove: boolean;
}

async function changeWeather({ server, spells, mayMove }: Climate, random: Random, signal: AbortSignal): Promise<void> {
  let movedAt = -Infinity;
  for (const { condition, forMs } of weather(random)) {
    if (signal.aborted) break;
    if (condition === 'moved') {
      // The client reads the metadata again at most once a minute, also during a long outage. With failures of the identity
      // source between its grants, each outage is long for it.
      if (!mayMove || performance.now() - movedAt < 61_000) continue;
      movedAt = performance.now();
    }
    spells.add(condition);
    await server.turn(condition);
    await sleep(forMs, undefined, { signal }).catch(() => undefined);
  }
  await server.turn('fine');
}

async function keepCalling(
  call: (giveUpAfterMs: number | undefined) => Promise<unknown>,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const givesUp = random() < 0.03;
    await call(givesUp ? between(random, 0, 300) : undefined);
    await sleep(between(random, 50, 250));
  }
}
