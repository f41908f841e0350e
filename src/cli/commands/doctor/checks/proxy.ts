import { parseUrl } from '../../../../core/secure-url.js';
import type { CommandContext } from '../../../context.js';
import { type Finding, pass, warn } from '../finding.js';

/** The first hop of a connection. */
export interface Route {
  /** The server itself, or a proxy. */
  readonly host: string;
  readonly port: number;
  readonly isProxied: boolean;
}

/** Reports the proxy that the environment names for a URL, and whether Node.js uses it. */
export async function checkProxy(
  url: URL,
  { env, proxyFor }: Pick<CommandContext, 'env' | 'proxyFor'>,
  nodeVersion: string,
): Promise<{ readonly route: Route; readonly findings: Finding[] }> {
  const direct = { host: hostOf(url), port: portOf(url), isProxied: false };
  // Node.js reads these variables only.
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const variable = [name.toLowerCase(), name].find((each) => env[each]);
  if (variable === undefined) return { route: direct, findings: ignoredProxy(env) };
  const proxyUrl = await proxyFor(url);
  if (proxyUrl === '') return { route: direct, findings: [pass(`NO_PROXY excludes ${url.hostname} from the proxy`)] };

  const proxy = parseUrl(proxyUrl);
  // The origin only: the URL may contain a password.
  const what = `${variable}${proxy === undefined ? '' : ` (${proxy.origin})`}`;
  if (env['NODE_USE_ENV_PROXY'] !== '1' || !supportsProxies(nodeVersion) || proxy === undefined) {
    const node = supportsProxies(nodeVersion) ? '' : 'Node.js 22.21, 24.5 or newer and ';
    const advice = `run this command with ${node}NODE_USE_ENV_PROXY=1; in a program, set the option "fetch" to a fetch that uses the proxy`;
    return { route: direct, findings: [warn(`${what} is set, but Node.js ${nodeVersion} does not use it`, advice)] };
  }
  const route = { host: hostOf(proxy), port: portOf(proxy), isProxied: true };
  return { route, findings: [pass(`requests to ${url.host} use the proxy of ${what}`)] };
}

// curl and other programs read these variables.
function ignoredProxy(env: CommandContext['env']): Finding[] {
  const variable = ['all_proxy', 'ALL_PROXY'].find((each) => env[each]);
  if (variable === undefined) return [];
  const what = `${variable} is set, but Node.js does not read it`;
  return [
    warn(
      what,
      'set HTTPS_PROXY and NODE_USE_ENV_PROXY=1 (Node.js 22.21, 24.5 or newer), if this network needs a proxy',
    ),
  ];
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');
const portOf = ({ port, protocol }: URL): number => Number(port) || (protocol === 'https:' ? 443 : 80);

function supportsProxies(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}
