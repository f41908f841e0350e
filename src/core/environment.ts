type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment variable that names a proxy for requests to this URL, if Node.js ignores all such variables. It uses
 * them only with `NODE_USE_ENV_PROXY=1` or `--use-env-proxy`.
 */
export function ignoredProxyVariable(url: URL, environment: Environment = process.env): string | undefined {
  return usesProxies(environment) ? undefined : proxyVariable(url, environment);
}

/** The environment variable that names a proxy for requests to this URL, if Node.js uses it. */
export function usedProxyVariable(url: URL, environment: Environment = process.env): string | undefined {
  const name = usesProxies(environment) ? proxyVariable(url, environment) : undefined;
  // Node.js never uses this one.
  return name?.toUpperCase() === 'ALL_PROXY' ? undefined : name;
}

function usesProxies({ NODE_USE_ENV_PROXY: isUsed, NODE_OPTIONS: nodeOptions = '' }: Environment): boolean {
  return isUsed === '1' || [...process.execArgv, ...nodeOptions.split(' ')].includes('--use-env-proxy');
}

function proxyVariable(url: URL, environment: Environment): string | undefined {
  const noProxy = environment['NO_PROXY'] ?? environment['no_proxy'] ?? '';
  if (noProxy.split(/[\s,]+/).some((entry) => coversHost(entry, url.hostname))) return undefined;
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  return [name, 'ALL_PROXY'].flatMap((each) => [each, each.toLowerCase()]).find((each) => environment[each]);
}

function coversHost(entry: string, hostname: string): boolean {
  const suffix = entry.replace(/^\*?\.?/, '');
  return entry === '*' || (suffix !== '' && `.${hostname}`.endsWith(`.${suffix}`));
}
