import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { cleanUp } from '../../support/clean-up.js';
import { type Answer, startHttpServer } from '../../support/http-server.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const root = join(import.meta.dirname, '../../..');

/** The result of an invocation, as the function posted it to the runtime API. */
export interface Invocation {
  readonly outcome: 'response' | 'error';
  readonly body: unknown;
}

/** A process that runs a function of AWS Lambda. */
export interface ExecutionEnvironment {
  /** Sends an event, and waits for the response or the error. */
  invoke(event: object): Promise<Invocation>;
  /** Stops the process after its last invocation, as AWS does. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Moves the wall clock of the process; see clock.mjs. */
  moveClock(signal: 'SIGUSR2' | 'SIGHUP'): Promise<void>;
  /** Sends SIGTERM, and returns the exit code. */
  shutDown(): Promise<number | null>;
  /** Errors of the init phase. */
  readonly initErrors: readonly unknown[];
  output(): string;
}

/** Starts `examples/aws-lambda/handler.ts`, bundled, with a runtime API, and waits until it asks for an invocation. */
export async function startFunction(environment: Readonly<Record<string, string>>): Promise<ExecutionEnvironment> {
  const results = new Map<string, (invocation: Invocation) => void>();
  const initErrors: unknown[] = [];
  let deliver: ((answer: Answer) => void) | undefined;
  const progress = new EventEmitter();

  const runtimeApi = await startHttpServer(({ path, body }) => {
    if (path === '/2018-06-01/runtime/invocation/next') {
      return new Promise<Answer>((resolve) => {
        deliver = resolve;
        progress.emit('waiting');
      });
    }
    const [, id = '', outcome] = /^\/2018-06-01\/runtime\/invocation\/(.+)\/(response|error)$/.exec(path) ?? [];
    if (outcome === undefined) initErrors.push(JSON.parse(body));
    else results.get(id)?.({ outcome: outcome as Invocation['outcome'], body: JSON.parse(body) });
    return { status: 202 };
  });

  const folder = await temporaryFolder();
  // The command in the example.
  const bundling = ['--bundle', '--platform=node', '--format=esm', `--outfile=${join(folder, 'handler.mjs')}`];
  await promisify(execFile)(
    'node_modules/.bin/esbuild',
    ['examples/aws-lambda/handler.ts', ...bundling, '--log-level=error'],
    { cwd: root },
  );
  const child = spawn(
    process.execPath,
    [`--import=${join(import.meta.dirname, 'clock.mjs')}`, join(import.meta.dirname, 'bootstrap.mjs')],
    {
      env: {
        AWS_LAMBDA_RUNTIME_API: new URL(runtimeApi.origin).host,
        LAMBDA_TASK_ROOT: folder,
        _HANDLER: 'handler.handler',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const ended = once(child, 'close') as Promise<[number | null]>;
  cleanUp(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const waitsForInvocation = async (): Promise<void> => {
    if (deliver === undefined) await Promise.race([once(progress, 'waiting'), ended]);
  };
  await waitsForInvocation();

  return {
    initErrors,
    output: () => output,
    async invoke(event) {
      await waitsForInvocation();
      const id = randomUUID();
      const result = new Promise<Invocation>((resolve) => results.set(id, resolve));
      const headers = { 'lambda-runtime-aws-request-id': id, 'lambda-runtime-deadline-ms': `${Date.now() + 30_000}` };
      deliver?.({ headers, body: event });
      deliver = undefined;
      return result;
    },
    async freeze() {
      await waitsForInvocation();
      child.kill('SIGSTOP');
    },
    thaw: () => void child.kill('SIGCONT'),
    async moveClock(signal) {
      const length = output.length;
      child.kill(signal);
      await until(() => output.includes('the clock moved', length));
    },
    async shutDown() {
      child.kill('SIGTERM');
      return (await ended)[0];
    },
  };
}
