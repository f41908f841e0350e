import { lookup as systemLookup } from 'node:dns/promises';
import { connect } from 'node:net';
import type { SecureContext } from 'node:tls';

import { abortable, withDeadline } from '../../../../core/abort.js';
import type { CommandContext } from '../../../context.js';
import { alive } from '../../../io/terminal.js';
import { bad, type Finding, good } from '../finding.js';
import { checkProxy, type Route } from './proxy.js';
import { checkTls } from './tls.js';

/** The way to a server: proxy, name, connection, certificate. `exitCode` is for when there is none. */
export function checkWay(
  url: URL,
  exitCode: number,
  context: CommandContext,
  secureContext?: SecureContext,
): Promise<Finding[]> {
  const { signal, clock, env } = context;
  return alive(`connecting to ${url.host}`, context, async () => {
    const { route, findings } = checkProxy(url, env, process.version);
    findings.push(...(await checkConnection(route, { signal, exitCode })));
    const isConnected = findings.every(({ verdict }) => verdict !== 'bad');
    if (isConnected && url.protocol === 'https:' && !route.isProxied) {
      findings.push(...(await checkTls(url, { signal, exitCode, now: clock.now(), secureContext })));
    }
    return findings;
  });
}

/** How {@link checkConnection} goes about it. */
export interface ConnectionOptions {
  readonly signal: AbortSignal;
  /** How the command ends when there is no connection. */
  readonly exitCode: number;
  /** For each of the two steps, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** For tests. */
  readonly lookup?: (host: string, options: { readonly all: true }) => Promise<readonly { readonly address: string }[]>;
}

/** Whether the name has an address, and whether something listens there. */
export async function checkConnection(
  { host, port, isProxied }: Route,
  { signal, exitCode, timeoutMs = 5_000, lookup = systemLookup }: ConnectionOptions,
): Promise<Finding[]> {
  const whose = isProxied ? `the proxy ${host}` : host;
  try {
    const found = await withDeadline(timeoutMs, signal, (until) => abortable(lookup(host, { all: true }), until));
    const addresses = [...new Set(found.map(({ address }) => address))];
    try {
      await withDeadline(timeoutMs, signal, (until) => connectTo(host, port, until));
      return [good(`${whose} has the address ${addresses.join(', ')} and takes connections at port ${port}`)];
    } catch (error) {
      signal.throwIfAborted();
      const advice = unconnected[codeOf(error)] ?? 'check the port, firewalls, and whether this network needs a proxy';
      return [
        bad(
          `${whose} (${addresses.join(', ')}) takes no connection at port ${port} (${codeOf(error)})`,
          advice,
          exitCode,
        ),
      ];
    }
  } catch (error) {
    signal.throwIfAborted();
    const advice = nameless[codeOf(error)] ?? 'check the DNS servers of this machine, and whether a VPN is needed';
    return [bad(`the name ${host} has no address (${codeOf(error)})`, advice, exitCode)];
  }
}

const nameless: Readonly<Record<string, string>> = {
  ENOTFOUND: 'check its spelling; an internal name may need a VPN or another DNS server',
};

const unconnected: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the machine is there, but nothing listens at this port: check the port, and whether the service runs',
};

const codeOf = (error: unknown): string => {
  const { code, name } = error as NodeJS.ErrnoException;
  return name === 'TimeoutError' ? 'no answer in time' : (code ?? name);
};

function connectTo(host: string, port: number, until: AbortSignal): Promise<void> {
  const socket = connect({ host, port });
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return abortable(connected, until).finally(() => socket.destroy());
}
