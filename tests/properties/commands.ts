import type { AccessToken } from '../../src/core/access-token.js';
import type { TokenRequest } from '../../src/core/token-request.js';
import { createTokenService, type TokenService } from '../../src/service/token-service.js';
import { fc } from '../support/fc.js';
import { type Call, Ledger } from './ledger.js';
import { type Answer, type SimulatedServer, simulatedServer } from './simulated-server.js';
import { virtualTime, type VirtualTime } from './virtual-time.js';

/** A token service, a simulated authorization server and virtual time. */
export interface World {
  readonly time: VirtualTime;
  readonly server: SimulatedServer;
  readonly tokens: TokenService;
  /** The last two tokens that callers received, by scope, the newest at the end. */
  readonly handedOut: Map<string, AccessToken[]>;
  /** The value of each random number of the token service. */
  draw: number;
}

/** One action; the ledger is the model. */
export type Command = fc.AsyncCommand<Ledger, World>;

/** A new world, and its ledger. */
export function newWorld(): { readonly real: World; readonly model: Ledger } {
  const time = virtualTime();
  const model = new Ledger({
    clock: time.clock,
    draw: () => real.draw,
    secret: () => server.secret,
    isAsleep: (scope) => time.isAsleep(scope),
  });
  const server = simulatedServer(time, model);
  const tokens = createTokenService({
    tokenEndpoint: 'https://auth.example/token',
    clientId: 'orders',
    clientSecret: () => server.secret,
    scope: 'a',
    fetch: (input, init) => server.fetch(input, init),
    clock: time.clock,
    random: () => real.draw,
    onEvent: (event) => model.observe(event),
  });
  const real: World = { time, server, tokens, handedOut: new Map(), draw: 0.5 };
  return { real, model };
}

/** Sequences of all actions. */
export function commands(): fc.Arbitrary<Iterable<Command>> {
  const scope = fc.constantFrom('a', 'a', 'a', 'b', 'c');
  const lifetimeSeconds = fc.constantFrom(0, 1, 2, 10, 10, 60, 60, 600, 3_600, 100_000);
  const token = fc
    .record({ lifetimeSeconds, sameAgain: fc.nat(3).map((number) => number === 0) })
    .map((fields): Answer => ({ kind: 'token', ...fields }));
  const retryAfterSeconds = fc.constantFrom(undefined, undefined, 0, 1, 3, 7, 60);
  const trouble = fc.oneof(
    fc
      .record({ status: fc.constantFrom(429, 500, 503, 503), retryAfterSeconds })
      .map((fields): Answer => ({ kind: 'outage', ...fields })),
    fc.constant<Answer>({ kind: 'html' }),
    fc.constantFrom('ECONNRESET', 'ENOTFOUND').map((code): Answer => ({ kind: 'no connection', code })),
    fc.constant<Answer>({ kind: 'refusal', error: 'invalid_scope', status: 400 }),
    fc.constant<Answer>({ kind: 'refusal', error: 'invalid_client', status: 401 }),
  );
  const asking = fc.record({
    scope,
    count: fc.constantFrom(1, 1, 1, 2, 5),
    minValidityMs: fc.constantFrom(undefined, undefined, undefined, 0, 500, 5_000, 1_000_000),
    spelling: fc.nat(3),
    signal: fc.constantFrom(...(['none', 'none', 'none', 'later', 'aborted'] as const)),
  });
  const moment = fc.constantFrom(...(['due', 'margin', 'expiry'] as const));

  return fc.commands(
    [
      asking.map(ask),
      asking.map(ask),
      asking.map((how) => ask({ ...how, replaces: 'latest' })),
      asking.map((how) => ask({ ...how, replaces: 'earlier' })),
      fc.nat(250).chain((delay) => fc.nat(1).map((replaces) => askWhileAnswered(delay, replaces === 1))),
      fc.constant(abortAll()),
      fc.constantFrom(1, 20, 99, 300, 999, 1_000, 5_000, 20_000, 61_000, 3_600_000).map(advance),
      fc.record({ scope, moment, offsetMs: fc.integer({ min: -1, max: 1 }) }).map(advanceTo),
      fc.constantFrom(1_500, 8_000, 61_000).map(stall),
      fc.constantFrom(-3_600_000, -30_000, -2_000, -100, 100, 2_000, 30_000, 3_600_000).map(stepWall),
      fc.record({ answer: fc.oneof(token, trouble), other: fc.oneof(token, trouble) }).map(askCrossing),
      fc.record({ answer: token, latencyMs: fc.constantFrom(1, 20, 300, 1_500, 4_000) }).map(serverAnswers),
      fc.record({ answer: trouble, latencyMs: fc.constantFrom(1, 20, 1_500) }).map(serverAnswers),
      fc.nat(7).map((eighths) => drawn(eighths / 8)),
      fc.constant(secretRotated()),
    ],
    { size: '+1', maxCommands: 60 },
  );
}

/** Ends all sleeps one after another, and checks that none is left. */
export async function wakeAll({ real, model }: { readonly real: World; readonly model: Ledger }): Promise<void> {
  for (let count = 0; count < 1_000 && real.time.untilNextMs() !== undefined; count += 1) await wakeNext(real, model);
  if (real.time.untilNextMs() !== undefined) model.violations.push('new sleeps never end');
  model.finish();
  report(model);
}

/** One or several equal calls. */
interface Asking {
  readonly scope: string;
  readonly count: number;
  readonly minValidityMs: number | undefined;
  readonly spelling: number;
  readonly signal: 'none' | 'later' | 'aborted';
  readonly replaces?: 'latest' | 'earlier';
}

function ask(asking: Asking): Command {
  return command(`ask ${fc.stringify(asking)}`, async (model, world) => {
    await happens(world, model, asking.scope, () => {
      for (let count = 0; count < asking.count; count += 1) call(world, model, asking);
    });
  });
}

/** Makes a call while a response is being read, after `delay` turns of the microtask queue. */
function askWhileAnswered(delay: number, replaces: boolean): Command {
  return command(`ask ${delay} turns after ${replaces ? 'and replace' : ''}`, (model, world) =>
    wakeNext(world, model, async (scope) => {
      for (let turn = 0; turn < delay; turn += 1) await Promise.resolve();
      const how = { scope, count: 1, minValidityMs: undefined, spelling: 0, signal: 'none' } as const;
      call(world, model, replaces ? { ...how, replaces: 'latest' } : how);
    }),
  );
}

function abortAll(): Command {
  return command('abort', async (model, world) => {
    for (const { scope, abort } of model.calls.filter(({ isOpen }) => isOpen)) {
      if (abort !== undefined) await happens(world, model, scope, () => abort.abort(new Error('gave up')));
    }
  });
}

function advance(ms: number): Command {
  return command(`advance ${ms}`, (model, world) => advanceBy(world, model, ms));
}

function advanceTo(to: { scope: string; moment: 'due' | 'margin' | 'expiry'; offsetMs: number }): Command {
  return command(`advance to ${fc.stringify(to)}`, async (model, world) => {
    const untilMs = Math.ceil(model.untilMs(to.scope, to.moment) ?? 0) + to.offsetMs;
    if (untilMs > 0) await advanceBy(world, model, untilMs);
  });
}

/** Blocks the event loop, so that all sleeps end late. */
function stall(ms: number): Command {
  return command(`stall ${ms}`, async (model, world) => {
    world.time.pass(ms);
    model.timePassed();
    await advanceBy(world, model, 0);
  });
}

function stepWall(ms: number): Command {
  return command(`step the wall clock ${ms}`, (model, world) => {
    world.time.step(ms);
    model.timePassed(ms);
    return Promise.resolve();
  });
}

/** Sends two concurrent token requests that get different responses. */
function askCrossing({ answer, other }: { answer: Answer; other: Answer }): Command {
  return command(`ask, crossing, answered ${fc.stringify([answer, other])}`, async (model, world) => {
    const how = { count: 1, minValidityMs: undefined, spelling: 0, signal: 'none', replaces: 'latest' } as const;
    for (const [scope, next, latencyMs] of [
      ['a', answer, 1],
      ['b', other, 20],
    ] as const) {
      Object.assign(world.server, { answer: next, latencyMs });
      await happens(world, model, scope, () => call(world, model, { ...how, scope }));
    }
    await advanceBy(world, model, 20);
  });
}

function serverAnswers({ answer, latencyMs }: { answer: Answer; latencyMs: number }): Command {
  return command(`the server answers ${fc.stringify(answer)} after ${latencyMs}`, (_model, { server }) => {
    server.answer = answer;
    server.latencyMs = latencyMs;
    return Promise.resolve();
  });
}

function drawn(draw: number): Command {
  return command(`draw ${draw}`, (_model, world) => {
    world.draw = draw;
    return Promise.resolve();
  });
}

function secretRotated(): Command {
  return command('rotate the secret', (_model, { server }) => {
    server.secret = `secret-${Number(server.secret.split('-')[1]) + 1}`;
    return Promise.resolve();
  });
}

function command(name: string, run: (model: Ledger, world: World) => Promise<void>): Command {
  return {
    check: () => true,
    async run(model, world) {
      await run(model, world);
      report(model);
    },
    toString: () => name,
  };
}

function report({ violations }: Ledger): void {
  if (violations.length > 0) throw new Error(violations.join('; '));
}

async function advanceBy(world: World, model: Ledger, ms: number): Promise<void> {
  const { time } = world;
  const end = time.clock.monotonic() + ms;
  for (let nextMs = time.untilNextMs(); nextMs !== undefined; nextMs = time.untilNextMs()) {
    if (time.clock.monotonic() + nextMs > end) break;
    await wakeNext(world, model);
  }
  time.pass(Math.max(0, end - time.clock.monotonic()));
  model.timePassed();
}

async function wakeNext({ time }: World, model: Ledger, meanwhile?: (scope: string) => Promise<void>): Promise<void> {
  time.pass(time.untilNextMs() ?? 0);
  model.timePassed();
  let scope: string | undefined;
  await time.wake((owner) => {
    scope = owner;
    model.begin(owner);
    return meanwhile?.(owner);
  });
  if (scope !== undefined) model.end(scope);
}

async function happens({ time }: World, model: Ledger, scope: string, work: () => void): Promise<void> {
  await time.act(scope, () => {
    model.begin(scope);
    work();
  });
  model.end(scope);
}

const frozen = new Map(['a', 'b', 'c'].map((scope) => [scope, Object.freeze({ scope })]));

/** One of four forms of the same token request. */
function spell(scope: string, spelling: number): TokenRequest | undefined {
  if (spelling === 0 && scope === 'a') return undefined;
  if (spelling === 1) return { scope: [scope, scope] };
  if (spelling === 2) return Object.freeze({ scope: ` ${scope}`, resource: [] });
  return frozen.get(scope);
}

function call({ time, tokens, handedOut }: World, model: Ledger, asking: Asking): void {
  const { scope, minValidityMs, spelling, signal, replaces } = asking;
  const had = handedOut.get(scope) ?? [];
  const made: Call = {
    scope,
    minValidityMs,
    replacing: replaces && (replaces === 'latest' ? had.at(-1) : had.at(-2)),
    abort: signal === 'none' ? undefined : new AbortController(),
    isOpen: true,
    kept: undefined,
    keptRemainingMs: 0,
    since: time.clock.monotonic(),
    isNew: true,
    lingers: false,
  };
  if (signal === 'aborted') made.abort?.abort(new Error('gave up before'));
  model.called(made);
  const { replacing, abort } = made;
  const isPlain = replacing === undefined && minValidityMs === undefined && abort === undefined;
  const options = isPlain ? undefined : { replacing, minValidityMs, signal: abort?.signal };
  tokens.getToken(spell(scope, spelling), options).then(
    (token) => {
      if (had.at(-1)?.value !== token.value) handedOut.set(scope, [...had, token].slice(-2));
      return model.answeredWith(made, token);
    },
    (error: unknown) => model.failedWith(made, error),
  );
}
