import type { Command } from '../command.js';
import type { CommandContext } from '../context.js';
import { CommandError } from '../io/command-error.js';
import { formatDuration } from '../io/duration.js';
import { readToken } from '../io/input.js';
import { printable, write } from '../io/terminal.js';

/** `m2m inspect`: prints the header and the claims of a JWT. */
export const inspect: Command = {
  examples: [
    ['m2m token | m2m inspect', 'decodes a new token'],
    ['m2m inspect', 'prompts for the token and hides the input'],
  ],
  takesSettings: false,

  define(commandLine) {
    commandLine.argument('[token]', 'the JWT; prefer stdin: other users can read the arguments of a process');
  },

  async run({ args: [given] }, context) {
    const { header, claims } = await decode(await readToken(context, given));

    await write(context.stderr, 'm2m: the signature is not verified\n');
    await write(context.stdout, `${section('header', header, context)}${section('claims', claims, context)}`);
    return 0;
  },
};

interface DecodedJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

async function decode(token: string): Promise<DecodedJwt> {
  const { decodeJwt, decodeProtectedHeader } = await import('jose');
  try {
    return { header: { ...decodeProtectedHeader(token) }, claims: decodeJwt(token) };
  } catch {
    throw new CommandError('the token is not a JWT', {
      advice: 'it may be opaque: only the authorization server can decode an opaque token',
    });
  }
}

function section(title: string, members: Readonly<Record<string, unknown>>, context: CommandContext): string {
  const width = Math.max(...Object.keys(members).map((name) => printable(name).length), 0);
  const lines = Object.entries(members).map(
    ([name, value]) => `  ${printable(name).padEnd(width)}  ${describe(name, value, context)}\n`,
  );
  return `${title}\n${lines.join('')}`;
}

const times = new Set(['exp', 'iat', 'nbf', 'auth_time', 'updated_at']);

function describe(name: string, value: unknown, { clock }: CommandContext): string {
  const text = printable(typeof value === 'string' ? value : JSON.stringify(value));
  const atMs = Number(value) * 1_000;
  if (!times.has(name) || typeof value !== 'number' || Number.isNaN(new Date(atMs).getTime())) return text;
  const fromNow = atMs - clock.now();
  const duration = formatDuration(fromNow);
  return `${text}  ${new Date(atMs).toISOString().replace('.000', '')} (${fromNow < 0 ? `${duration} ago` : `in ${duration}`})`;
}
