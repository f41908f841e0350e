import { parseUrl } from '../../../../core/secure-url.js';
import type { CommandContext } from '../../../context.js';
import { doubtful, type Finding, good } from '../finding.js';

/** The way to a server. */
export interface Route {
  /** Where the connection goes: the server itself, or a proxy. */
  readonly host: string;
  readonly port: number;
  readonly isProxied: boolean;
}

/** Which way requests to a URL take, and what the environment says of a proxy. */
export function checkProxy(
  url: URL,
  env: CommandContext['env'],
  nodeVersion: string,
): { readonly route: Route; readonly findings: Finding[] } {
  const direct = { host: hostOf(url), port: portOf(url), isProxied: false };
  const upper = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const variable = [upper.toLowerCase(), upper].find((name) => env[name]);
  if (variable === undefined) return { route: direct, findings: [] };
  if (isLeftOut(url, env['no_proxy'] || env['NO_PROXY'] || '')) {
    return { route: direct, findings: [good(`NO_PROXY leaves ${url.hostname} out: no proxy`)] };
  }

  const proxy = parseUrl(env[variable] as string);
  // Its origin only: it may hold a password.
  const name = `${variable}${proxy === undefined ? '' : ` (${proxy.origin})`}`;
  if (env['NODE_USE_ENV_PROXY'] !== '1' || !knowsProxies(nodeVersion) || proxy === undefined) {
    const node = knowsProxies(nodeVersion) ? '' : 'Node 22.21, 24.5 or newer and ';
    const advice = `run this with ${node}NODE_USE_ENV_PROXY=1; a program gives the option "fetch" one that uses the proxy`;
    return { route: direct, findings: [doubtful(`${name} is set, but Node ${nodeVersion} does not use it`, advice)] };
  }
  const route = { host: hostOf(proxy), port: portOf(proxy), isProxied: true };
  return { route, findings: [good(`requests to ${url.host} go through ${name}`)] };
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');
const portOf = ({ port, protocol }: URL): number => Number(port) || (protocol === 'https:' ? 443 : 80);

function knowsProxies(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}

function isLeftOut({ hostname, host }: URL, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      const name = entry.replace(/^\*?\./, '');
      return entry === '*' || name === host || name === hostname || hostname.endsWith(`.${name}`);
    });
}
