import { isDeepStrictEqual } from 'node:util';

import type { AccessToken } from '../../src/core/access-token.js';
import type { TokenError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { formatDuration, parseDuration } from './scenario-duration.js';
import type { Expected } from './scenario-format.js';

/** The outcome of a call, and its time. */
export interface Outcome {
  readonly token?: AccessToken;
  readonly validForMs?: number;
  /** A text if it is not a {@link TokenError}. */
  readonly error?: TokenError | string;
  readonly waitedMs: number;
}

/** The observable state after a step. */
export interface Seen {
  readonly answers: readonly Outcome[];
  readonly posts: readonly URLSearchParams[];
  readonly events: readonly TokenEvent[];
}

/** A line for each expectation that is not met. */
export function mismatches(expected: Expected, { answers, posts, events }: Seen): string[] {
  const { posts: expectedPosts, events: expectedEvents, lastPost, ...ofAnswers } = expected;
  const lines = Object.entries(ofAnswers).flatMap(([name, value]) => {
    if (answers.length === 0) return [`  ${name}: expected ${JSON.stringify(value)}, but the step has no call`];
    const seen = answers.map((answer) => describe(answer)[name as keyof typeof ofAnswers]);
    return seen.every((each) => meets(name, value, each)) ? [] : [line(name, value, unlessAllEqual(seen))];
  });
  // An error that is not a TokenError never meets an expectation.
  const failed = answers.find(({ error }) => error !== undefined && expected.error === undefined);
  if (failed !== undefined)
    lines.push(line('error', undefined, `${describe(failed).error}: ${describe(failed).message}`));

  const [least, most] =
    typeof expectedPosts === 'number' ? [expectedPosts, expectedPosts] : (expectedPosts ?? [0, Infinity]);
  if (posts.length < least || posts.length > most) lines.push(line('posts', expectedPosts, posts.length));
  const types = events.map(({ type }) => type);
  if (expectedEvents !== undefined && !isDeepStrictEqual(types, expectedEvents)) {
    lines.push(line('events', expectedEvents, types));
  }
  for (const [name, value] of Object.entries(lastPost ?? {})) {
    const sent = posts.at(-1)?.getAll(name).join(' ') || null;
    if (sent !== value) lines.push(line(`lastPost.${name}`, value, sent));
  }
  return lines;
}

type OfAnswer = Omit<Expected, 'posts' | 'events' | 'lastPost'>;

/** An outcome in the words of a scenario. */
function describe({ token, validForMs, error, waitedMs }: Outcome): {
  [Name in keyof OfAnswer]: OfAnswer[Name] | undefined;
} {
  const waited = formatDuration(waitedMs);
  if (typeof error === 'string') return { error, waited };
  if (error === undefined) {
    const validFor = validForMs === undefined ? undefined : formatDuration(validForMs);
    return { token: token?.value, scope: token?.scope, validFor, waited };
  }
  const { code, message, retryAfterMs } = error;
  const { error: oauthError, status } = error as { readonly error?: string; readonly status?: number };
  const retryAfter = retryAfterMs === undefined ? undefined : formatDuration(retryAfterMs);
  return { error: code, oauthError, status, retryAfter, message, waited };
}

function meets(name: string, expected: unknown, seen: unknown): boolean {
  if (name === 'message') return String(seen).includes(String(expected));
  const isDuration = ['waited', 'validFor', 'retryAfter'].includes(name);
  // A scenario may write a minute as 60s.
  if (isDuration && typeof seen === 'string') return parseDuration(seen) === parseDuration(String(expected));
  return seen === expected;
}

/** The common outcome of all callers, or each different outcome with its number of callers. */
function unlessAllEqual(seen: readonly unknown[]): unknown {
  const different = [...new Set(seen)];
  if (different.length === 1) return seen[0];
  return different.map((each) => `${String(each)} (${seen.filter((other) => other === each).length} times)`);
}

const line = (name: string, expected: unknown, seen: unknown): string =>
  `  ${name}: expected ${JSON.stringify(expected) ?? 'none'}, was ${JSON.stringify(seen) ?? 'none'}`;
