import { CommanderError } from 'commander';

import type { CommandContext } from './command-context.js';
import { program } from './program.js';
import { reportError } from './report-error.js';
import { call } from './verbs/call.js';
import { completion } from './verbs/completion.js';
import { config } from './verbs/config.js';
import { doctor } from './verbs/doctor.js';
import { exec } from './verbs/exec.js';
import { inspect } from './verbs/inspect.js';
import { token } from './verbs/token.js';

const verbs = [token, call, exec, inspect, doctor, config, completion];

/** Runs the command with these arguments, without the names of node and the program, and returns its exit code. Never rejects. */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  try {
    return await program(verbs, context).parse(argv);
  } catch (error) {
    // --help and --version end so too.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    return reportError(context.signal.aborted ? context.signal.reason : error, context);
  }
}
