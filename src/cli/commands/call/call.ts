import type { AccessToken } from '../../../core/access-token.js';
import type { TokenSource } from '../../../core/token-source.js';
import type { Command } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { CommandError, exitCodes } from '../../io/command-error.js';
import { withSpinner } from '../../io/spinner.js';
import { write } from '../../io/terminal.js';
import { allowedUrl } from '../../settings/allowed-url.js';
import { type CredentialsReader, credentialsReader } from '../../settings/credentials-reader.js';
import { helpGroups } from '../../settings/help-groups.js';
import type { Settings } from '../../settings/settings.js';
import { openTokenSource } from '../../token-source.js';
import { type ApiRequest, apiRequest, type ApiRequestFlags } from './api-request.js';
import type { PrintedCall } from './print/printed-call.js';

/** `m2m call`: sends a request with a token. */
export const call: Command = {
  examples: [
    ['m2m call https://api.example.com/orders', 'sends a GET'],
    [`m2m call https://api.example.com/orders --json '{"sku": "A1"}'`, 'sends a POST'],
    ['m2m call PUT https://api.example.com/file -d @report.pdf -H "Content-Type: application/pdf"', 'sends a file'],
    ['m2m call https://api.example.com/orders --print python', 'prints the same call as a program'],
  ],
  takesSettings: true,

  define(commandLine) {
    const collect = (value: string, values: readonly string[] = []) => [...values, value];
    commandLine
      .argument('<[METHOD] URL...>', 'the request; the default method is GET, or POST with a body')
      .option('-d, --data <data>', 'form body; @file sends a file and @- sends stdin, unchanged', collect)
      .option('--json <data>', 'JSON body; @file and @- as with --data')
      .option('-H, --header <line>', 'header of the request', collect)
      .option('-X, --request <method>', 'method of the request, instead of the argument')
      .option('-L, --location', 'follow redirects; the token is sent to the origin of the URL only')
      .option('--cache', 'cache the token, encrypted, for later runs')
      .optionsGroup(helpGroups.output)
      .option('-i, --include', 'print status and headers before the body')
      .option('-o, --output <path>', 'write the body to a file')
      .option('-s, --silent', 'hide the spinner and the status of the response')
      .option('-v, --verbose', 'print the headers of requests and responses to stderr, without the token')
      .option('--fail', 'exit with 5 and print no body if the status is 400 or more')
      .option('--dry-run', 'print the request without its token, and send nothing')
      .option('--print <tool>', 'print the same call for curl, python or javascript, and send nothing');
  },

  async run({ args, flags, settings: read }, context) {
    const given: CallFlags = flags;
    const { dryRun, print, silent } = given;
    const settings = await read();
    const request = await apiRequest(args, given, settings, context);
    if (dryRun) return printRequest(request, settings, context);
    if (print !== undefined && given.location) {
      throw new CommandError('--print and --location cannot be combined', {
        advice: 'leave --location out: a printed program does not follow redirects',
      });
    }
    if (print !== undefined) return printCall(print, request, settings, context);

    const sendContext: CommandContext = silent ? Object.create(context, { isSilent: { value: true } }) : context;
    return send(request, settings, given, sendContext);
  },
};

async function send(
  request: ApiRequest,
  settings: Settings,
  flags: CallFlags,
  context: CommandContext,
): Promise<number> {
  const { url } = request;
  const { fail, include, output, verbose, silent, location: followsRedirects } = flags;
  const { sendRequest, unreachable } = await import('./send-request.js');
  const { writeHead, writeBody, writeStatus } = await import('./write-response.js');
  const readCredentials = credentialsReader(settings, context);
  const tokens = rememberingSource(await openTokenSource(settings, context, { cache: flags.cache, readCredentials }));
  const fetch = await fetchFor(settings, readCredentials);
  const shownFetch = verbose ? (await import('./verbose-fetch.js')).verboseFetch(fetch, context) : fetch;
  const fetchWithSpinner: typeof fetch = (input, init) =>
    withSpinner(`waiting for ${url.host}`, context, () => shownFetch(input, init));

  const began = performance.now();
  const response = await sendRequest(request, tokens, {
    signal: context.signal,
    fetch: fetchWithSpinner,
    followsRedirects,
    origin: allowedUrl(settings, url.origin),
  });
  if (fail && response.status >= 400) {
    // Otherwise the process waits for the rest of the body.
    await response.body?.cancel();
    const { rejectedByApi } = await import('./api-rejection.js');
    throw rejectedByApi({ response, url, token: tokens.last() });
  }
  if (include) await writeHead(response, context);
  const needsNewline = await writeBody(response, output, context).catch((error: unknown) => {
    throw context.signal.aborted || error instanceof CommandError ? error : unreachable(error, url);
  });
  if (context.stderr.isTTY && !silent) {
    await writeStatus(response, { ms: performance.now() - began, needsNewline }, context);
  }
  return exitCodes.ok;
}

/** A token source that remembers its last token, for the explanation of a rejection. */
function rememberingSource(tokens: TokenSource): TokenSource & { readonly last: () => AccessToken | undefined } {
  let last: AccessToken | undefined;
  return {
    async getToken(...request) {
      return (last = await tokens.getToken(...request));
    },
    last: () => last,
  };
}

interface CallFlags extends ApiRequestFlags {
  readonly include?: true;
  readonly silent?: true;
  readonly verbose?: true;
  readonly location?: true;
  readonly output?: string;
  readonly fail?: true;
  readonly dryRun?: true;
  readonly print?: string;
  readonly cache?: true;
}

// For a certificate-bound token, the API verifies the client certificate.
async function fetchFor(settings: Settings, readCredentials: CredentialsReader): Promise<typeof globalThis.fetch> {
  const { isMutualTls } = await import('../../settings/auth-methods.js');
  if (!isMutualTls(settings)) return globalThis.fetch;
  const { certificateFetch } = await import('./certificate-fetch.js');
  return certificateFetch(await readCredentials());
}

async function printRequest(
  { method, url, headers, body }: ApiRequest,
  settings: Settings,
  { stdout }: CommandContext,
): Promise<number> {
  const { usesDpop } = await import('../../settings/service-options.js');
  const lines = [
    `Host: ${url.host}`,
    ...(usesDpop(settings)
      ? ['Authorization: DPoP [redacted]', 'DPoP: [redacted]']
      : ['Authorization: Bearer [redacted]']),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  await write(stdout, `${method} ${url.pathname}${url.search} HTTP/1.1\n${lines.join('\n')}\n\n`);
  if (body !== undefined) await write(stdout, Buffer.concat([body, Buffer.from('\n')]));
  return exitCodes.ok;
}

/** The tools of `--print`. Each generator is loaded on demand. */
const printers: Readonly<Record<string, () => Promise<(printed: PrintedCall) => string>>> = {
  curl: async () => (await import('./print/curl.js')).curl,
  python: async () => (await import('./print/python.js')).python,
  javascript: async () => (await import('./print/javascript.js')).javascript,
};

async function printCall(
  tool: string,
  request: ApiRequest,
  settings: Settings,
  context: CommandContext,
): Promise<number> {
  const load = Object.hasOwn(printers, tool) ? printers[tool] : undefined;
  if (load === undefined) {
    throw new CommandError(`--print does not support ${JSON.stringify(tool)}`, {
      advice: `use one of ${Object.keys(printers).join(', ')}`,
    });
  }
  const { printedCall } = await import('./print/printed-call.js');
  const print = await load();
  await write(context.stdout, print(await printedCall(request, settings, context)));
  return exitCodes.ok;
}
