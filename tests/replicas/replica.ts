// One replica of a service: a process of its own with a token service that shares its tokens. Its argument says how it is set
// up; it does what it is told by messages, and ends when nobody is left to tell it.
import { setTimeout } from 'node:timers/promises';

import { createTokenService, encryptedStore, type TokenEvent } from 'm2m-tokens';
import { redisStore } from 'm2m-tokens/redis';
import { createClient } from 'redis';

import type { Answer, Command, Report, Setup } from './protocol.js';

const { tokenEndpoint, redis, keys, deadlineMs } = JSON.parse(process.argv[2] ?? '{}') as Setup;

const events: TokenEvent[] = [];
let latest: Awaited<ReturnType<typeof tokens.getToken>> | undefined;

const client = redis === undefined ? undefined : createClient({ url: redis });
const store = client && redisStore(client);
// A replica starts while Redis is away, too.
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
  onEvent: (event) => events.push(event),
});

async function ask({ scope, isRejected = false }: Command['request'] = {}): Promise<Answer> {
  const began = performance.now();
  const replacing = isRejected ? latest : undefined;
  try {
    latest = await tokens.getToken(scope === undefined ? undefined : { scope }, { replacing });
    return { at: Date.now(), tookMs: performance.now() - began, token: latest.value };
  } catch (error) {
    return { at: Date.now(), tookMs: performance.now() - began, error: String(error) };
  }
}

/** Asks again and again, for the same token or for another one each time, and tells what is new or took long. */
async function repeat({ forMs, everyMs, scope }: NonNullable<Command['repeat']>): Promise<Answer[]> {
  const answers: Answer[] = [];
  const end = performance.now() + forMs;
  for (let turn = 0; performance.now() < end; turn += 1) {
    const answer = await ask(scope === undefined ? {} : { scope: `${scope}-${turn}` });
    if (scope !== undefined || answer.token !== answers.at(-1)?.token) answers.push(answer);
    await setTimeout(everyMs);
  }
  return answers;
}

process.on('message', (command: Command) => {
  const work = command.repeat ? repeat(command.repeat) : ask(command.request).then((answer) => [answer]);
  void work.then((answers) => {
    const report: Report = { id: command.id, answers, events: events.splice(0).map(tell) };
    process.send?.(report);
  });
});
void Promise.race([connecting, setTimeout(1_000)]).then(() => process.send?.('ready'));
process.on('disconnect', () => process.exit());

const tell = (event: TokenEvent): string =>
  event.type === 'store.failed' ? `${event.type} ${event.operation} ${event.reason}` : event.type;
