import type { AccessToken } from '../../src/core/access-token.js';
import { TokenError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { createTokenService, type TokenService } from '../../src/service/token-service.js';
import { scenarioClock, type ScenarioClock } from './scenario-clock.js';
import { formatDuration, parseDuration } from './scenario-duration.js';
import { type Outcome, mismatches } from './scenario-expectation.js';
import type { Deed, Duration, Given, Scenario, Step } from './scenario-format.js';
import { scenarioServer, type ScenarioServer } from './scenario-server.js';
import { collectNotable } from './events.js';

/**
 * Runs a scenario. Returns a line for each unmet expectation of the first step that fails.
 * @param watch called with each event and each outcome
 */
export async function runScenario(
  { name, given, steps }: Scenario,
  watch: (emitted: unknown) => void = () => undefined,
): Promise<readonly string[]> {
  const world = begin(given, watch);

  for (const [index, step] of steps.entries()) {
    const events = world.events.length;
    const lines = await take(step, world, () => world.events.slice(events)).catch((error: unknown) => [
      `  ${String(error)}`,
    ]);
    if (lines.length > 0) return [`"${name}", step ${index + 1} ${JSON.stringify(step)}`, ...lines];
  }
  // Ends all pending calls.
  await world.clock.runUntil(() => false);
  return [];
}

interface World {
  readonly clock: ScenarioClock;
  readonly server: ScenarioServer;
  readonly tokens: TokenService;
  readonly events: readonly TokenEvent[];
  /** The calls that have a name. */
  readonly callers: Map<string, Caller>;
  /** The tokens that callers got, by value. */
  readonly returned: Map<string, AccessToken>;
  readonly watch: (emitted: unknown) => void;
  secret: string;
}

interface Caller {
  outcome?: Outcome;
}

function begin(
  { random = 0.5, secret = 'secret', tokenName, options, ...grants }: Given,
  watch: World['watch'],
): World {
  const clock = scenarioClock();
  const events: TokenEvent[] = [];
  const server = scenarioServer(clock, { server: 'grants', ...grants }, tokenName);
  const tokens = createTokenService({
    tokenEndpoint: 'https://auth.example/token',
    clientId: 'orders',
    clientSecret: () => world.secret,
    clock,
    random: typeof random === 'number' ? () => random : seeded(Number(random.replace('seed ', ''))),
    fetch: server.fetch,
    onEvent: (event) => {
      collectNotable(events)(event);
      watch(event);
    },
    ...options,
  });
  const world: World = { clock, server, tokens, events, secret, callers: new Map(), returned: new Map(), watch };
  return world;
}

async function take(step: Step, world: World, newEvents: () => readonly TokenEvent[]): Promise<string[]> {
  const { clock, server } = world;
  if (step.at !== undefined) {
    if (ms(step.at) < clock.elapsedMs()) return [`  it is ${formatDuration(clock.elapsedMs())} already`];
    await clock.runTo(ms(step.at));
  }
  if (step.server !== undefined) server.does(step as Deed);
  if (step.wallClock !== undefined) clock.step(ms(step.wallClock));
  if (step.changeSecret !== undefined) world.secret = step.changeSecret;

  const outcomes = await outcomesOf(step, world);
  await clock.runTo(clock.elapsedMs());
  return outcomes === undefined
    ? ['  a call would never end']
    : mismatches(step.expect ?? {}, { answers: outcomes, posts: server.posts, events: newEvents() });
}

/** The outcomes of the calls of a step; `undefined` if one of them would never end. */
async function outcomesOf(step: Step, world: World): Promise<readonly Outcome[] | undefined> {
  const callers: Caller[] = [];
  const haveEnded = () => world.clock.runUntil(() => callers.every(({ outcome }) => outcome !== undefined));

  if (typeof step.call === 'string') world.callers.set(step.call, call(step, world));
  if (typeof step.call === 'number') {
    const until = step.until === undefined ? 0 : ms(step.until);
    do {
      for (let count = 0; count < step.call; count += 1) callers.push(call(step, world));
      if (!(await haveEnded())) return undefined;
      if (step.every !== undefined) await world.clock.runTo(world.clock.elapsedMs() + ms(step.every));
    } while (world.clock.elapsedMs() < until);
  }
  if (step.result !== undefined) {
    const caller = world.callers.get(step.result);
    if (caller === undefined) throw new Error(`there is no call named "${step.result}"`);
    callers.push(caller);
  }
  return (await haveEnded()) ? callers.map(({ outcome }) => outcome as Outcome) : undefined;
}

function call({ scope, resource, audience, parameters, ...step }: Step, world: World): Caller {
  const { clock, tokens, returned, watch } = world;
  const caller: Caller = {};
  const began = clock.elapsedMs();
  const abort = new AbortController();
  if (step.abortsAfter !== undefined) void clock.sleep(ms(step.abortsAfter)).then(() => abort.abort());
  const replacing = step.replacing === 'latest' ? [...returned.values()].at(-1) : returned.get(step.replacing ?? '');
  if (step.replacing !== undefined && replacing === undefined)
    throw new Error(`no call has returned ${step.replacing} yet`);

  const isPlain = [scope, resource, audience, parameters].every((member) => member === undefined);
  void tokens
    .getToken(isPlain ? undefined : { scope, resource, audience, parameters }, {
      replacing,
      signal: abort.signal,
      ...(step.minValidity !== undefined && { minValidityMs: ms(step.minValidity) }),
    })
    .then(
      (token) => {
        watch(token);
        if (!returned.has(token.value)) returned.set(token.value, token);
        return { token, validForMs: token.remainingMs(clock) };
      },
      (error: unknown) => {
        watch(error);
        if (error instanceof TokenError) return { error };
        return { error: error === abort.signal.reason ? 'aborted' : String(error) };
      },
    )
    .then((outcome) => (caller.outcome = { ...outcome, waitedMs: clock.elapsedMs() - began }));
  return caller;
}

const ms = (duration: Duration): number => parseDuration(duration) as number;

/** Mulberry32: numbers in [0, 1) that look random and are the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
