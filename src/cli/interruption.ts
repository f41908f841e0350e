import { constants } from 'node:os';

/** The user gave up: Ctrl-C, or a signal from elsewhere. The reason of an aborted signal of the command. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  /** As shells have it: 128 and the number of the signal, 130 for Ctrl-C. */
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`interrupted by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}
