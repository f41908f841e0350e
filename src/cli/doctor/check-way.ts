import { alive } from '../alive.js';
import type { CommandContext } from '../command-context.js';
import { checkConnection } from './check-connection.js';
import { checkProxy } from './check-proxy.js';
import { checkTls } from './check-tls.js';
import type { Finding } from './finding.js';

/** The way to a server: proxy, name, connection, certificate. `exitCode` is for when there is none. */
export function checkWay(url: URL, exitCode: number, context: CommandContext): Promise<Finding[]> {
  const { signal, clock, env } = context;
  return alive(`connecting to ${url.host}`, context, async () => {
    const { route, findings } = checkProxy(url, env, process.version);
    findings.push(...(await checkConnection(route, { signal, exitCode })));
    const isConnected = findings.every(({ verdict }) => verdict !== 'bad');
    if (isConnected && url.protocol === 'https:' && !route.isProxied) {
      findings.push(...(await checkTls(url, { signal, exitCode, now: clock.now() })));
    }
    return findings;
  });
}
