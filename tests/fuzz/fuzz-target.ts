import type fc from 'fast-check';

import { ConfigurationError } from '../../src/core/errors.js';

/** Something that reads what comes from outside. */
export interface FuzzTarget {
  readonly name: string;
  readonly inputs: fc.Arbitrary<unknown>;
  /** Inputs that were or might have been trouble. */
  readonly corpus: readonly unknown[];
  /** Reads one input; throws when that is not read as it must be. */
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
