import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';

import { findings } from './findings.js';
import { watchHeap } from './heap-growth.js';
import { waitForNoLeftovers } from './leftovers.js';
import { showProgress } from './progress.js';
import { type Report, sumOf } from './report.js';
import { startSharedWorld } from './shared-world.js';
import { watchStalls } from './stalls.js';
import { durationRecorder } from './statistics.js';
import { noTelemetry, startTelemetry } from './telemetry.js';
import { startWorld } from './world.js';

/** Options of {@link runChaos}. */
export interface ChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  /** The number of callers in all worlds together. */
  readonly callers: number;
  /** The number of worlds: each has an authorization server, an API and a client. */
  readonly worlds: number;
  /** Whether each token service has a logger, metrics and traces, and the channels have subscribers. */
  readonly observe: boolean;
}

/** Calls APIs through the library while their authorization servers have faults of all kinds. Returns a report. */
export async function runChaos({ seed, seconds, callers, worlds: count, observe }: ChaosOptions): Promise<Report> {
  const { violate, list } = findings();
  const noteRejection = (reason: unknown): void => violate('a rejection was not handled', String(reason));
  const noteWarning = (warning: Error): void => violate('the process got a warning', String(warning));
  process.on('unhandledRejection', noteRejection);
  process.on('warning', noteWarning);

  const telemetry = observe ? startTelemetry(seconds, violate) : noTelemetry;
  const waits = durationRecorder();
  const stalls = watchStalls();
  const worlds = await Promise.all(
    Array.from({ length: count }, (_, at) =>
      startWorld({
        name: `world ${at + 1}`,
        seed: seed * 1_000 + at,
        callers: Math.ceil(callers / count),
        waits,
        stalls,
        violate,
        telemetry,
        hasIdentity: at % 2 === 1,
      }),
    ),
  );
  const shared = await startSharedWorld({ seed, callers: 6, stalls, violate, telemetry });
  const figures = () => sumOf(worlds.map((world) => world.figures()));

  const ending = new AbortController();
  // Each sleep adds a listener to the signal.
  setMaxListeners(0, ending.signal);
  const end = setTimeout(() => {
    heap.stop();
    ending.abort();
  }, seconds * 1_000);
  const heap = watchHeap(seconds, violate);
  const began = performance.now();
  const progress = showProgress(() => {
    const { calls, grants } = figures();
    const passed = `${Math.round((performance.now() - began) / 1_000)} s`;
    const broken = list().map(({ rule, examples: [example] }) => `${rule} (${example})`);
    const found = broken.length === 0 ? '' : `, RULES BROKEN: ${broken.join('; ')}`;
    return `${passed}: ${calls.made} calls, ${calls.failed} failed, ${grants.asked} token requests, ${grants.received} tokens received${found}`;
  });
  const living = shared.live(ending.signal);
  const recoveries = await Promise.all(worlds.map((world) => world.live(ending.signal)));
  await living;
  clearTimeout(end);
  progress.stop();
  stalls.stop();

  const left = await waitForNoLeftovers(10_000);
  if (left.length > 0) violate('a socket or timer is left over', left.join(', '));
  for (const world of [...worlds, shared]) world.close();
  await telemetry.stop();
  process.off('unhandledRejection', noteRejection);
  process.off('warning', noteWarning);
  const { calls, grants } = figures();
  if (calls.succeeded === 0 || grants.received < 2) violate('the run proved nothing', `${grants.received} tokens`);

  return {
    seed,
    seconds,
    callers,
    worlds: count,
    ...figures(),
    shared: shared.figures(),
    ...telemetry.figures(),
    heap: heap.figures(),
    tokenWaitMs: waits.read(),
    longestRecoveryMs: Math.round(Math.max(...recoveries)),
    violations: list(),
  };
}
