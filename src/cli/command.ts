import type { Command as CommandLine } from 'commander';

import type { CommandContext } from './context.js';
import type { Settings } from './settings/settings.js';

/** The arguments and flags of one run of a command. */
export interface CommandCall {
  readonly args: readonly string[];
  /** The keys are the flags in camel case: `minValidity` for `--min-validity`. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** The definition of the command in commander. */
  readonly commandLine: CommandLine;
  /**
   * Reads the settings in effect.
   * @throws {CommandError} if a source cannot be read, or sets conflicting values
   */
  readonly settings: () => Promise<Settings>;
}

/** One command of `m2m`. */
export interface Command {
  /** Examples for the help. */
  readonly examples: readonly (readonly [line: string, comment: string])[];
  /** Whether the command has the flags of the settings. */
  readonly takesSettings: boolean;
  /** Declares the arguments and flags of the command. */
  define(commandLine: CommandLine): void;
  /** Runs the command and returns its exit code. Rejects on failure; the caller reports the error. */
  run(call: CommandCall, context: CommandContext): Promise<number>;
}
