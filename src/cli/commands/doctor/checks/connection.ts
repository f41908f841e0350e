import { lookup as systemLookup } from 'node:dns/promises';
import { connect } from 'node:net';
import type { SecureContext } from 'node:tls';

import { abortable, withDeadline } from '../../../../core/abort.js';
import type { CommandContext } from '../../../context.js';
import { withSpinner } from '../../../io/spinner.js';
import { fail, type Finding, pass, warn } from '../finding.js';
import { checkProxy, type Route } from './proxy.js';
import { checkNoTls, checkTls } from './tls.js';

/** Checks whether a server is reachable: proxy, DNS, connection, TLS. A failure gets `exitCode`. */
export function checkReachability(
  url: URL,
  exitCode: number,
  context: CommandContext,
  secureContext?: SecureContext,
): Promise<Finding[]> {
  const { signal, clock, env } = context;
  const isTls = url.protocol === 'https:';
  // Node.js reads this variable for each connection.
  const acceptsAnyCertificate = isTls && env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0';
  const options = { signal, exitCode, now: clock.now(), secureContext, acceptsAnyCertificate };
  return withSpinner(`connecting to ${url.host}`, context, async () => {
    const { route, findings } = await checkProxy(url, context, process.version);
    findings.push(...(await checkConnection(route, { signal, exitCode })));
    const isConnected = findings.every(({ verdict }) => verdict !== 'fail');
    if (isConnected && !route.isProxied) {
      findings.push(...(await (isTls ? checkTls(url, options) : checkNoTls(url, options))));
    }
    if (acceptsAnyCertificate) findings.push(anyCertificate(url));
    return findings;
  });
}

const anyCertificate = ({ host }: URL): Finding =>
  warn(
    `NODE_TLS_REJECT_UNAUTHORIZED=0 makes Node.js accept any certificate of ${host}`,
    'unset it: otherwise an attacker in the network can read the secret and the tokens',
  );

/** Options of {@link checkConnection}. */
export interface ConnectionOptions {
  readonly signal: AbortSignal;
  /** The exit code of a failure. */
  readonly exitCode: number;
  /** The timeout of the DNS lookup and of the connection, in milliseconds each. @default 5000 */
  readonly timeoutMs?: number;
  /** For tests. */
  readonly lookup?: (host: string, options: { readonly all: true }) => Promise<readonly { readonly address: string }[]>;
}

/** Checks whether the name has an address, and whether the port accepts connections. */
export async function checkConnection(
  { host, port, isProxied }: Route,
  { signal, exitCode, timeoutMs = 5_000, lookup = systemLookup }: ConnectionOptions,
): Promise<Finding[]> {
  const name = isProxied ? `the proxy ${host}` : host;
  try {
    const found = await withDeadline(timeoutMs, signal, (until) => abortable(lookup(host, { all: true }), until));
    const addresses = shortList([...new Set(found.map(({ address }) => address))]);
    try {
      await withDeadline(timeoutMs, signal, (until) => connectTo(host, port, until));
      return [pass(`${name} has the address ${addresses} and accepts connections at port ${port}`)];
    } catch (error) {
      signal.throwIfAborted();
      const code = codeOf(error);
      const advice = connectionAdvice[code] ?? 'check the port, firewalls, and whether this network needs a proxy';
      return [fail(`${name} (${addresses}) accepts no connection at port ${port} (${code})`, advice, exitCode)];
    }
  } catch (error) {
    signal.throwIfAborted();
    const code = codeOf(error);
    const advice = lookupAdvice[code] ?? 'check the DNS servers of this machine, and whether a VPN is needed';
    return [fail(`the name ${host} cannot be resolved (${code})`, advice, exitCode)];
  }
}

// A large server has a dozen addresses.
const shortList = (values: readonly string[]): string =>
  values.length <= 3 ? values.join(', ') : `${values.slice(0, 2).join(', ')} and ${values.length - 2} others`;

const lookupAdvice: Readonly<Record<string, string>> = {
  ENOTFOUND: 'check the spelling; an internal name may need a VPN or another DNS server',
};

const connectionAdvice: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'no program listens at this port: check the port, and whether the service runs',
};

const codeOf = (error: unknown): string => {
  const { code, name } = error as NodeJS.ErrnoException;
  return name === 'TimeoutError' ? 'timeout' : (code ?? name);
};

function connectTo(host: string, port: number, until: AbortSignal): Promise<void> {
  const socket = connect({ host, port });
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return abortable(connected, until).finally(() => socket.destroy());
}
