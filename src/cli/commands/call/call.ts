import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import type { Command } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { CommandError, exitCodes } from '../../io/command-error.js';
import { withSpinner } from '../../io/spinner.js';
import { printable, styleOf, write } from '../../io/terminal.js';
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
      .option('-d, --data <data>', 'body as a form; @file or @- sends a file or stdin unchanged', collect)
      .option('--json <data>', 'body as JSON; @file or @- as with --data')
      .option('-H, --header <line>', 'header of the request', collect)
      .option('-i, --include', 'print status and headers before the body')
      .option('-o, --output <path>', 'write the body to a file')
      .option('--fail', 'exit with 5 and print no body if the status is 400 or more')
      .option('--dry-run', 'print the request without its token, and send nothing')
      .option('--print <tool>', 'print the same call for curl, python or javascript, and send nothing')
      .option('--cache', 'keep the token, encrypted, for the next run');
  },

  async run({ args, flags, settings: read }, context) {
    const { dryRun, print, cache, ...rest } = flags as CallFlags;
    const request = await apiRequest(args, rest, context);
    const settings = await read();
    if (dryRun) return printRequest(request, settings, context);
    if (print !== undefined) return printCall(print, request, settings, context);

    const { sendRequest, rejectedByApi, unreachable } = await import('./send-request.js');
    const tokens = await openTokenSource(settings, context, { cache });
    const fetch = await fetchFor(settings, context);
    const began = performance.now();
    const fetchWithSpinner: typeof fetch = (input, init) =>
      withSpinner(`waiting for ${request.url.host}`, context, () => fetch(input, init));
    const response = await sendRequest(request, tokens, { signal: context.signal, fetch: fetchWithSpinner });
    if (rest.fail && response.status >= 400) {
      // Otherwise the process waits for the rest of the body.
      await response.body?.cancel();
      throw rejectedByApi(response, request.url);
    }

    if (rest.include) await write(context.stdout, headOf(response));
    await writeBody(response, rest.output, context).catch((error: unknown) => {
      throw context.signal.aborted || error instanceof CommandError ? error : unreachable(error, request.url);
    });
    if (context.stderr.isTTY) {
      const style = styleOf(context.stderr, context.env);
      const status = `${response.status} ${printable(response.statusText)}`.trim();
      const ms = `${Math.round(performance.now() - began)} ms`;
      await write(context.stderr, `${style(response.ok ? 'green' : 'red', status)} ${style('dim', ms)}\n`);
    }
    return exitCodes.ok;
  },
};

interface CallFlags extends ApiRequestFlags {
  readonly include?: true;
  readonly output?: string;
  readonly fail?: true;
  readonly dryRun?: true;
  readonly print?: string;
  readonly cache?: true;
}

// An API verifies the certificate of a certificate-bound token.
async function fetchFor(settings: Settings, context: CommandContext): Promise<typeof globalThis.fetch> {
  const { isMutualTls } = await import('../../settings/auth-methods.js');
  if (!isMutualTls(settings)) return globalThis.fetch;
  const { readCredentials } = await import('../../settings/credentials.js');
  const { certificateFetch } = await import('./certificate-fetch.js');
  return certificateFetch(await readCredentials(settings, context));
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

function headOf({ status, statusText, headers }: Response): string {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${statusText}`.trimEnd() + `\r\n${lines.join('')}\r\n`;
}

async function writeBody({ body }: Response, path: string | undefined, context: CommandContext): Promise<void> {
  if (path !== undefined) {
    const file = await open(path, 'w').catch(({ code }: NodeJS.ErrnoException) => {
      throw new CommandError(`${JSON.stringify(path)} cannot be written (${code})`, { advice: 'check --output' });
    });
    return pipeline(body ?? [], file.createWriteStream());
  }
  // In pieces, at the speed of the reader.
  for await (const chunk of body ?? []) await write(context.stdout, chunk);
}
