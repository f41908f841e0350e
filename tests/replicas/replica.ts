// One replica of a service: a process with a token service that shares its tokens. Its argument contains the settings.
// It receives commands as messages, and ends with its parent process.
import { setImmediate, setTimeout } from 'node:timers/promises';

import { createTokenService, encryptedStore, type TokenEvent } from 'm2m-tokens';
import { redisStore } from 'm2m-tokens/redis';
import { createClient } from 'redis';

import { blockEventLoop } from '../support/block-event-loop.js';
import type { Answer, Command, Report, Setup } from './protocol.js';
import { collectNotable } from '../support/events.js';

const { tokenEndpoint, redis, keys, deadlineMs } = JSON.parse(process.argv[2] ?? '{}') as Setup;

const events: TokenEvent[] = [];

const client = redis === undefined ? undefined : createClient({ url: redis });
const store = client && redisStore(client);
// A replica starts without Redis too.
const connecting = client?.connect().then(
  () => store?.get('warm up'),
  () => {},
);

const tokens = createTokenService({
  tokenEndpoint,
  clientId: 'orders',
  clientSecret: 's3cret-0f-0rders',
  store: store && keys ? encryptedStore(store, { keys }) : store,
  retry: { deadlineMs },
  onEvent: collectNotable(events),
});

async function ask(request?: Command['request']): Promise<Answer> {
  const began = performance.now();
  try {
    const { value, issuedAt } = await tokens.getToken(request);
    return { tookMs: performance.now() - began, token: value, issuedAt };
  } catch (error) {
    return { tookMs: performance.now() - began, error: String(error) };
  }
}

async function repeat(
  { forMs, everyMs }: NonNullable<Command['repeat']>,
  request: Command['request'],
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    const answer = await ask(request);
    if (answer.token === undefined || answer.token !== answers.at(-1)?.token) answers.push(answer);
    await setTimeout(everyMs);
  }
  return answers;
}

async function askAndBlock(afterMs: number, request: Command['request']): Promise<Answer> {
  const answer = ask(request);
  await (afterMs === 0 ? setImmediate() : setTimeout(afterMs));
  blockEventLoop(1_000);
  return answer;
}

async function answersTo(command: Command): Promise<Answer[]> {
  const { request, blockAfterMs } = command;
  if (command.repeat !== undefined) return repeat(command.repeat, request);
  return [await (blockAfterMs === undefined ? ask(request) : askAndBlock(blockAfterMs, request))];
}

async function obey(command: Command): Promise<void> {
  const answers = await answersTo(command);
  const report: Report = { id: command.id, answers, events: events.splice(0).map(describe) };
  process.send?.(report);
}

process.on('message', (command: Command) => void obey(command));
void tellWhenReady();
process.on('disconnect', () => process.exit());

async function tellWhenReady(): Promise<void> {
  await Promise.race([connecting, setTimeout(10_000)]);
  process.send?.('ready');
}

const describe = (event: TokenEvent): string =>
  event.type === 'store.failed' ? `${event.type} ${event.operation} ${event.failure}` : event.type;
