import type { Command } from 'commander';

import type { CommandContext } from './context.js';
import type { Settings } from './settings/settings.js';

/** What a verb was called with. */
export interface VerbCall {
  readonly args: readonly string[];
  /** By the names that commander gives them. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly command: Command;
  /**
   * The settings in effect.
   * @throws {CommandError} when a source cannot be read or contradicts itself
   */
  readonly settings: () => Promise<Settings>;
}

/** One thing that the command can do. */
export interface Verb {
  /** Lines for the help: what to type, and what comes of it. */
  readonly examples: readonly (readonly [typed: string, outcome: string])[];
  /** Whether it takes the flags of the settings. */
  readonly takesSettings: boolean;
  /** Declares its arguments and flags. */
  define(command: Command): void;
  /** Does it, and returns the exit code; what it throws is reported. */
  run(call: VerbCall, context: CommandContext): Promise<number>;
}
