type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment variable that names a proxy for requests to this URL, if Node.js ignores it: it obeys these variables only
 * with `NODE_USE_ENV_PROXY=1` or `--use-env-proxy`.
 */
export function ignoredProxyVariable(url: URL, environment: Environment = process.env): string | undefined {
  const { NODE_USE_ENV_PROXY: isUsed, NODE_OPTIONS: nodeOptions = '' } = environment;
  if (isUsed === '1' || [...process.execArgv, ...nodeOptions.split(' ')].includes('--use-env-proxy')) return undefined;
  const noProxy = environment['NO_PROXY'] ?? environment['no_proxy'] ?? '';
  if (noProxy.split(/[\s,]+/).some((entry) => coversHost(entry, url.hostname))) return undefined;
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  return [name, 'ALL_PROXY'].flatMap((each) => [each, each.toLowerCase()]).find((each) => environment[each]);
}

function coversHost(entry: string, hostname: string): boolean {
  const suffix = entry.replace(/^\*?\.?/, '');
  return entry === '*' || (suffix !== '' && `.${hostname}`.endsWith(`.${suffix}`));
}
