import type { Command } from '../command.js';
import type { CommandContext } from '../context.js';
import { CommandError } from '../io/command-error.js';
import { formatDuration } from '../io/duration.js';
import { readToken } from '../io/input.js';
import { printable, write } from '../io/terminal.js';

/** `m2m inspect`: prints the header and the claims of a JWT, and explains the identity token of a platform. */
export const inspect: Command = {
  examples: [
    ['m2m token | m2m inspect', 'decodes a new token'],
    ['m2m inspect < /var/run/secrets/tokens/token', 'explains the identity of a pod: subject, audience, expiry'],
    ['m2m inspect', 'prompts for the token and hides the input'],
  ],
  takesSettings: false,

  define(commandLine) {
    commandLine.argument('[token]', 'the JWT; prefer stdin: other users can read the arguments of a process');
  },

  async run({ args: [given] }, context) {
    const { header, claims } = await decode(await readToken(context, given));

    await write(context.stderr, 'm2m: the signature is not verified\n');
    const sections = { header, claims, ...(await identityOf(claims, context)) };
    const texts = Object.entries(sections).map(([title, members]) => section(title, members, context));
    await write(context.stdout, texts.join(''));
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

async function identityOf(
  claims: DecodedJwt['claims'],
  { clock }: CommandContext,
): Promise<{ readonly identity?: DecodedJwt['claims'] }> {
  const { audiencesOf, describeIdentity } = await import('../identity-claims.js');
  const subject = describeIdentity(claims);
  if (subject === undefined) return {};
  const audiences = audiencesOf(claims);
  return {
    identity: {
      subject,
      audience: audiences.length === 0 ? 'none: any server may accept it' : audiences.join(', '),
      expiry: timeOf(Number(claims['exp']) * 1_000, clock.now()) ?? 'none',
    },
  };
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
  const time = times.has(name) && typeof value === 'number' ? timeOf(value * 1_000, clock.now()) : undefined;
  return time === undefined ? text : `${text}  ${time}`;
}

function timeOf(atMs: number, now: number): string | undefined {
  if (Number.isNaN(new Date(atMs).getTime())) return undefined;
  const duration = formatDuration(atMs - now);
  return `${new Date(atMs).toISOString().replace('.000', '')} (${atMs < now ? `${duration} ago` : `in ${duration}`})`;
}
