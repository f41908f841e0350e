import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cleanUp } from './clean-up.js';
import { freePort } from './free-port.js';

/** A RabbitMQ broker with the plugin rabbitmq_auth_backend_oauth2, in processes and a temporary folder of its own. */
export interface RabbitMq {
  readonly port: number;
  /** The log so far. */
  readonly log: () => string;
}

/** Options of {@link startRabbitMq}. */
export interface RabbitMqOptions {
  /** The public key of the authorization server, in PEM; the audience of the tokens is `rabbitmq`. */
  readonly publicKey: string;
}

/** Starts the broker of the Debian package rabbitmq-server. It accepts tokens as passwords, and nothing else. */
export async function startRabbitMq({ publicKey }: RabbitMqOptions): Promise<RabbitMq> {
  const folder = await mkdtemp(join(tmpdir(), 'm2m-tokens-rabbitmq-'));
  const [port, distributionPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  const file = (name: string): string => join(folder, name);
  await writeFile(file('key.pem'), publicKey);
  await writeFile(file('enabled_plugins'), '[rabbitmq_auth_backend_oauth2].');
  // How long a channel trusts a token that it has checked. The default is a minute.
  await writeFile(file('advanced.config'), '[{rabbit, [{channel_tick_interval, 1000}]}].');
  await writeFile(file('rabbitmq.conf'), configuration({ port, key: file('key.pem') }));

  // Erlang's own start of this daemon would leave it running after the broker.
  const epmd = spawn('epmd', ['-address', '127.0.0.1', '-port', `${epmdPort}`], { stdio: 'ignore' });
  const broker = spawn('/usr/lib/rabbitmq/bin/rabbitmq-server', {
    cwd: folder,
    // A group of its own: the script starts Erlang as a child.
    detached: true,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_EPMD_PORT: `${epmdPort}`,
      ERL_CRASH_DUMP_SECONDS: '0',
      RABBITMQ_NODENAME: 'm2m-tokens@localhost',
      RABBITMQ_DIST_PORT: `${distributionPort}`,
      // Without the settings in /etc/rabbitmq.
      RABBITMQ_CONF_ENV_FILE: file('none'),
      RABBITMQ_CONFIG_FILE: file('rabbitmq.conf'),
      RABBITMQ_ADVANCED_CONFIG_FILE: file('advanced.config'),
      RABBITMQ_ENABLED_PLUGINS_FILE: file('enabled_plugins'),
      RABBITMQ_MNESIA_BASE: file('mnesia'),
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_PID_FILE: file('pid'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanUp(async () => {
    await Promise.all([killGroup(broker), kill(epmd)]);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  let log = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [broker.stdout, broker.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        if (log.includes('Server startup complete')) resolve();
      });
    }
    for (const started of [broker, epmd]) started.once('error', reject);
    broker.once('exit', () => reject(new Error(`rabbitmq-server ended: ${log}`)));
  });
  return { port, log: () => log };
}

const configuration = ({ port, key }: { port: number; key: string }): string => `
listeners.tcp.1 = 127.0.0.1:${port}
auth_backends.1 = rabbit_auth_backend_oauth2
auth_oauth2.resource_server_id = rabbitmq
auth_oauth2.default_key = test
auth_oauth2.signing_keys.test = ${key}
log.console = true
log.console.level = info
log.file = false
`;

async function killGroup(leader: ChildProcess): Promise<void> {
  if (leader.pid === undefined) return;
  const ended = leader.exitCode === null && leader.signalCode === null ? once(leader, 'exit') : undefined;
  try {
    process.kill(-leader.pid, 'SIGKILL');
  } catch (error) {
    // There is no process left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  await ended;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
