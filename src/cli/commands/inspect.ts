import type { Verb } from '../command.js';
import type { CommandContext } from '../context.js';
import { CommandError } from '../io/command-error.js';
import { formatDuration } from '../io/duration.js';
import { readToken } from '../io/input.js';
import { printable, write } from '../io/terminal.js';

/** `m2m inspect`: shows what a JWT says. */
export const inspect: Verb = {
  examples: [
    ['m2m token | m2m inspect', 'what the token says'],
    ['m2m inspect', 'asks for the token, and does not show it'],
  ],
  takesSettings: false,

  define(command) {
    command.argument('[token]', 'the JWT; by stdin instead, it stays out of the list of processes');
  },

  async run({ args: [given] }, context) {
    const { header, claims } = await decode(await readToken(context, given));

    await write(context.stderr, 'm2m: not verified: anybody could have written this\n');
    await write(context.stdout, `${section('header', header, context)}${section('claims', claims, context)}`);
    return 0;
  },
};

interface Decoded {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

async function decode(token: string): Promise<Decoded> {
  const { decodeJwt, decodeProtectedHeader } = await import('jose');
  try {
    return { header: { ...decodeProtectedHeader(token) }, claims: decodeJwt(token) };
  } catch {
    throw new CommandError('this is no JWT', {
      advice: 'a token need not be one: only the authorization server knows what an opaque one stands for',
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
