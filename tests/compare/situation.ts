import type { Call, CallOptions } from './call.js';
import type { MovableClock } from './movable-clock.js';
import type { Servers } from './servers.js';
import type { Feature, Subject } from './subject.js';

/** One fault or need, with a clear condition for a pass. */
export interface Situation {
  readonly id: string;
  /** The ids of the behaviour, see `tests/behaviours/behaviours.json`; or a section of the README. */
  readonly rule: string;
  /** What a subject should do, in one sentence. */
  readonly right: string;
  /** If a subject does not offer this, a failure counts as "not offered". */
  readonly feature?: Feature;
  /** Whether only subjects that send requests are tried. @default false */
  readonly sends?: boolean;
  /** Whether subjects that have an option for it get a limit of 1 s for a grant. @default false */
  readonly limited?: boolean;
  run(trial: Trial): Promise<Verdict>;
}

/** The subject in a situation, and what surrounds it. */
export interface Trial extends Servers {
  readonly subject: Subject;
  readonly clock: MovableClock;
  readonly clientId: string;
  readonly secret: { readonly current: string; replace(secret: string): Promise<void> };
  /** A duration at the pace of this trial: the self-check is faster. */
  paced(ms: number): number;
  /** Makes one call: a request to the API if the subject sends requests, else `getToken`. */
  call(options?: CallOptions): Promise<Call>;
  /** Makes one call in a process of its own; returns the time from the end of the call to the end of the process. */
  callInOwnProcess(): Promise<number>;
}

/** The result of a situation. */
export interface Verdict {
  readonly passed: boolean;
  /** What happened, in a few words. */
  readonly measured: string;
}
