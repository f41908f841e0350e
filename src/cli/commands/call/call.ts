import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Verb } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { CommandError, exitCodes } from '../../io/command-error.js';
import { alive, printable, styleOf, write } from '../../io/terminal.js';
import type { Settings } from '../../settings/settings.js';
import { openTokens } from '../../token-source.js';
import { type ApiRequest, apiRequest, type ApiRequestFlags } from './api-request.js';

/** `m2m call`: sends a request with a token. */
export const call: Verb = {
  examples: [
    ['m2m call https://api.example.com/orders', 'GET'],
    [`m2m call https://api.example.com/orders --json '{"sku": "A1"}'`, 'POST'],
    ['m2m call PUT https://api.example.com/file -d @report.pdf -H "Content-Type: application/pdf"', 'a file'],
    ['m2m call https://api.example.com/orders --print python', 'the same call as a program'],
  ],
  takesSettings: true,

  define(command) {
    const collect = (value: string, values: readonly string[] = []) => [...values, value];
    command
      .argument('<[METHOD] URL...>', 'what to call; GET, or POST when there is a body')
      .option('-d, --data <data>', 'body of a form; @file or @- for a file or stdin, sent as it is', collect)
      .option('--json <data>', 'body of JSON; @file or @- as with --data')
      .option('-H, --header <line>', 'a header of the request', collect)
      .option('-i, --include', 'write status and headers before the body')
      .option('-o, --output <path>', 'write the body to a file')
      .option('--fail', 'exit with 5, and without the body, when the status is 400 or more')
      .option('--dry-run', 'print the request, without its token, and send nothing')
      .option('--print <tool>', 'print the same call for curl, httpie, python or javascript, and send nothing')
      .option('--cache', 'keep the token, encrypted, for the next run');
  },

  async run({ args, flags, settings: read }, context) {
    const { dryRun, print, cache, ...rest } = flags as CallFlags;
    const request = await apiRequest(args, rest, context);
    const settings = await read();
    if (dryRun) return printRequest(request, settings, context);
    if (print !== undefined) return printFor(print, request, settings, context);

    const { sendRequest, refusedByApi, unreachable } = await import('./send-request.js');
    const tokens = await openTokens(settings, context, { cache });
    const fetch = await fetchFor(settings, context);
    const began = performance.now();
    const waiting: typeof fetch = (input, init) =>
      alive(`waiting for ${request.url.host}`, context, () => fetch(input, init));
    const reply = await sendRequest(request, tokens, { signal: context.signal, fetch: waiting });
    if (rest.fail && reply.status >= 400) {
      // Whoever does not read it waits for its end.
      await reply.body?.cancel();
      throw refusedByApi(reply, request.url);
    }

    if (rest.include) await write(context.stdout, headOf(reply));
    await writeBody(reply, rest.output, context).catch((error: unknown) => {
      throw context.signal.aborted || error instanceof CommandError ? error : unreachable(error, request.url);
    });
    if (context.stderr.isTTY) {
      const style = styleOf(context.stderr, context.env);
      const status = `${reply.status} ${printable(reply.statusText)}`.trim();
      const ms = `${Math.round(performance.now() - began)} ms`;
      await write(context.stderr, `${style(reply.ok ? 'green' : 'red', status)} ${style('dim', ms)}\n`);
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

// Where tokens are bound to the certificate of the client, the API wants to see it.
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

async function printFor(
  tool: string,
  request: ApiRequest,
  settings: Settings,
  context: CommandContext,
): Promise<number> {
  const { callPrinters, printedGrant } = await import('./print/print-call.js');
  const print = Object.hasOwn(callPrinters, tool) ? callPrinters[tool] : undefined;
  if (print === undefined) {
    throw new CommandError(`calls are not printed for ${JSON.stringify(tool)}`, {
      advice: `take one of ${Object.keys(callPrinters).join(', ')}`,
    });
  }
  await write(context.stdout, print(request, await printedGrant(settings, context)));
  return exitCodes.ok;
}

function headOf({ status, statusText, headers }: Response): string {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${statusText}`.trimEnd() + `\r\n${lines.join('')}\r\n`;
}

async function writeBody({ body }: Response, path: string | undefined, context: CommandContext): Promise<void> {
  if (path !== undefined) {
    const file = createWriteStream(path);
    await new Promise<void>((resolve, reject) => {
      file.once('open', () => resolve());
      file.once('error', ({ code }: NodeJS.ErrnoException) =>
        reject(new CommandError(`${JSON.stringify(path)} cannot be written (${code})`, { advice: 'check --output' })),
      );
    });
    await pipeline(body === null ? [] : Readable.fromWeb(body), file);
    return;
  }
  // As it comes, and no faster than it is read.
  for await (const chunk of body ?? []) await write(context.stdout, chunk);
}
