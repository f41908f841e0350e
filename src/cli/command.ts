import type { Command as CommandLine } from 'commander';

import type { CommandContext } from './context.js';
import type { Settings } from './settings/settings.js';

/** The arguments and flags of one run of a command. */
export interface CommandCall {
  readonly args: readonly string[];
  /** By commander's names: `minValidity` for `--min-validity`. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** The definition of the command, as commander has it. */
  readonly commandLine: CommandLine;
  /**
   * Reads the settings in effect.
   * @throws {CommandError} if a source cannot be read or contradicts itself
   */
  readonly settings: () => Promise<Settings>;
}

/** One command of `m2m`. */
export interface Command {
  /** For the help. */
  readonly examples: readonly (readonly [line: string, comment: string])[];
  /** Whether the command has the flags of the settings. */
  readonly takesSettings: boolean;
  /** Declares the arguments and flags of the command. */
  define(commandLine: CommandLine): void;
  /** Runs the command and returns its exit code. The caller reports an error. */
  run(call: CommandCall, context: CommandContext): Promise<number>;
}
