import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { call } from './call.js';
import { movableClock } from './movable-clock.js';
import { startServers } from './servers.js';
import type { Situation, Trial, Verdict } from './situation.js';
import type { Settings, SubjectModule } from './subject.js';

/** Tries a subject, the module at `url`, in a situation. `pace` is a factor of the real durations. */
export async function tryOut(
  situation: Situation,
  url: string,
  { pace = 1 }: { readonly pace?: number } = {},
): Promise<Verdict> {
  const paced = (ms: number): number => ms * pace;
  const servers = await startServers();
  const folder = await mkdtemp(join(tmpdir(), 'm2m-tokens-compare-'));
  const clock = movableClock();
  let secret = 'secret-value-1';
  const secretFile = join(folder, 'secret');
  await writeFile(secretFile, secret, { mode: 0o600 });

  const settings: Settings = {
    tokenEndpoint: servers.authorizationServer.tokenEndpoint,
    apiOrigin: servers.api.origin,
    clientId: 'orders-service',
    secret: () => secret,
    secretFile,
    ...(situation.limited && { timeoutMs: paced(1_000) }),
  };

  try {
    const module = (await import(url)) as SubjectModule;
    const subject = module.createSubject(settings);
    const trial: Trial = {
      ...servers,
      subject,
      clock,
      paced,
      clientId: settings.clientId,
      secret: {
        get current() {
          return secret;
        },
        replace: async (value) => {
          secret = value;
          await writeFile(secretFile, value, { mode: 0o600 });
        },
      },
      call: (options) => call(subject, servers.api, options),
      callInOwnProcess: () => callInOwnProcess(url, { ...settings, secret }),
    };
    return await situation.run(trial);
  } finally {
    clock.restore();
    await servers.close();
    await rm(folder, { recursive: true });
  }
}

/** The time from the end of the call to the end of the process; it is killed after 3.5 s. */
async function callInOwnProcess(url: string, settings: object): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', oneCall, url, JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const [outcome] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  if (outcome !== 'called') throw new Error('the process ended before its call');
  const start = performance.now();
  const limit = setTimeout(() => child.kill('SIGKILL'), 3_500);
  await ended;
  clearTimeout(limit);
  return performance.now() - start;
}

// Makes one call and has nothing else to do. With `fetch`, a body that is not read keeps its connection.
const oneCall = `
  const [, module, settings] = process.argv;
  const { createSubject } = await import(module);
  const { secret, ...others } = JSON.parse(settings);
  const { request, getToken } = createSubject({ ...others, secret: () => secret });
  const reply = await (request ? request('/orders') : getToken());
  if (reply.data === undefined) await reply.text?.();
  process.send('called', () => process.disconnect());
`;
