import type { TokenServiceOptions } from '../../src/service/options.js';
import { parseDuration } from './scenario-duration.js';

/** A text such as `59m30s`; see tests/scenarios/README.md, which explains all members below. */
export type Duration = string;

export interface Scenario {
  readonly name: string;
  readonly given: Given;
  readonly steps: readonly Step[];
}

export interface Given {
  readonly lifetime?: Duration;
  readonly latency?: Duration;
  readonly secret?: string;
  /** The name of the tokens, before the number. */
  readonly tokenName?: string;
  readonly random?: number | string;
  readonly options?: Partial<TokenServiceOptions>;
}

/** The behaviour of the authorization server. */
export interface Deed {
  readonly server: 'grants' | 'responds' | 'rejects' | 'fails';
  readonly latency?: Duration;
  readonly times?: number;
  readonly lifetime?: Duration;
  readonly expiresIn?: unknown;
  readonly token?: string;
  readonly scope?: string;
  readonly secret?: string;
  readonly status?: number;
  readonly retryAfter?: Duration;
  readonly retryAfterDate?: Duration;
  readonly contentType?: string;
  readonly body?: unknown;
  readonly error?: string;
  readonly code?: string;
}

export interface Call {
  readonly call: number | string;
  readonly scope?: string;
  readonly resource?: string;
  readonly audience?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly replacing?: string;
  readonly minValidity?: Duration;
  readonly abortsAfter?: Duration;
  readonly every?: Duration;
  readonly until?: Duration;
}

export interface Expected {
  readonly token?: string;
  readonly error?: string;
  readonly oauthError?: string;
  readonly status?: number;
  readonly retryAfter?: Duration;
  readonly message?: string;
  readonly scope?: string;
  readonly waited?: Duration;
  readonly validFor?: Duration;
  readonly posts?: number | readonly [number, number];
  readonly events?: readonly string[];
  readonly lastPost?: Readonly<Record<string, string | null>>;
}

export interface Step extends Partial<Omit<Deed, 'scope'>>, Partial<Call> {
  readonly at?: Duration;
  readonly note?: string;
  readonly result?: string;
  readonly wallClock?: Duration;
  readonly changeSecret?: string;
  readonly expect?: Expected;
}

/** The checked scenarios of a file. Throws an error that names the scenario, the step and the invalid member. */
export function parseScenarios(json: string): readonly Scenario[] {
  const file = JSON.parse(json) as { readonly scenarios: readonly Scenario[] };
  check('the file', file, { about: text, scenarios: list });
  for (const scenario of file.scenarios) {
    const where = JSON.stringify(scenario.name);
    check(where, scenario, { name: text, given: object, steps: list }, ['name', 'given', 'steps']);
    check(`${where}: given`, scenario.given, givenMembers);
    scenario.steps.forEach((step, index) => checkStep(`${where}: step ${index + 1}`, step));
  }
  return file.scenarios;
}

type Kind = (value: unknown) => boolean;

const text: Kind = (value) => typeof value === 'string' && value !== '';
const object: Kind = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const list: Kind = (value) => Array.isArray(value) && value.length > 0;
const texts: Kind = (value) => Array.isArray(value) && value.every(text);
const whole: Kind = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const duration: Kind = (value) => typeof value === 'string' && parseDuration(value) !== undefined;
const anything: Kind = () => true;
const random: Kind = (value) => typeof value === 'number' || (typeof value === 'string' && /^seed \d+$/.test(value));
const range: Kind = (value) => whole(value) || (Array.isArray(value) && value.length === 2 && value.every(whole));

const givenMembers = { lifetime: duration, latency: duration, secret: text, tokenName: text, random, options: object };

const serverMembers: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  grants: { lifetime: duration, expiresIn: anything, token: text, scope: text, secret: text },
  responds: { status: whole, retryAfter: duration, retryAfterDate: duration, contentType: text, body: anything },
  rejects: { error: text, status: whole, retryAfter: duration },
  fails: { code: text },
};

const request = { scope: text, resource: text, audience: text, parameters: object };

/** The checks of the kinds of steps, by the member that names the kind. */
const stepMembers: Readonly<Record<string, (step: Step) => Readonly<Record<string, Kind>> | undefined>> = {
  server: ({ server = '' }) =>
    serverMembers[server] && { server: text, latency: duration, times: whole, ...serverMembers[server] },
  call: ({ call }) =>
    whole(call) || text(call)
      ? { call: anything, ...request, replacing: text, minValidity: duration, abortsAfter: duration, ...repetition }
      : undefined,
  result: () => ({ result: text }),
  wallClock: () => ({ wallClock: duration }),
  changeSecret: () => ({ changeSecret: text }),
};

const repetition = { every: duration, until: duration };

const expectedMembers = {
  token: text,
  error: text,
  oauthError: text,
  status: whole,
  retryAfter: duration,
  message: text,
  scope: text,
  waited: duration,
  validFor: duration,
  posts: range,
  events: texts,
  lastPost: object,
};

function checkStep(where: string, step: Step): void {
  const kinds = Object.keys(stepMembers).filter((kind) => Object.hasOwn(step, kind));
  if (kinds.length > 1) throw new Error(`${where} has both "${kinds.join('" and "')}"`);
  const [kind] = kinds;
  const members = kind === undefined ? {} : stepMembers[kind]?.(step);
  if (members === undefined)
    throw new Error(`${where}: "${kind}" must not be ${JSON.stringify(Object(step)[kind as string])}`);
  check(where, step, { at: duration, note: text, expect: object, ...members });
  if (kind === undefined && step.expect === undefined)
    throw new Error(`${where} has neither an action nor an expectation`);
  check(`${where}: expect`, step.expect ?? {}, expectedMembers);
}

function check(
  where: string,
  value: object,
  members: Readonly<Record<string, Kind>>,
  required: readonly string[] = [],
): void {
  for (const name of required) if (!Object.hasOwn(value, name)) throw new Error(`${where} has no "${name}"`);
  for (const [name, member] of Object.entries(value)) {
    const kind = members[name];
    if (kind === undefined) throw new Error(`${where}: "${name}" is none of ${Object.keys(members).join(', ')}`);
    if (!kind(member)) throw new Error(`${where}: "${name}" must not be ${JSON.stringify(member)}`);
  }
}
