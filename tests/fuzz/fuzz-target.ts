import type fc from 'fast-check';

import { ConfigurationError } from '../../src/core/errors.js';

/** A parser of external input. */
export interface FuzzTarget {
  readonly name: string;
  readonly inputs: fc.Arbitrary<unknown>;
  /** Inputs that failed once, or that are known to be difficult. */
  readonly corpus: readonly unknown[];
  /** Parses one input. Throws if the result breaks a rule. */
  readonly read: (input: never) => unknown;
}

/** The result of the work; `undefined` if it fails with a {@link ConfigurationError}. */
export function onlyConfigurationErrors<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}

/** Throws unless the rule holds. */
export function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`broken: ${rule}`);
}
