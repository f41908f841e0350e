import type { AccessToken } from '../../core/access-token.js';
import type { Verb } from '../command.js';
import type { CommandContext } from '../context.js';
import { parseDuration } from '../io/duration.js';
import { write } from '../io/terminal.js';
import { openTokens } from '../token-source.js';

/** `m2m token`: prints a token. */
export const token: Verb = {
  examples: [
    ['m2m token', 'the token, for scripts'],
    ['curl -H "$(m2m token --header)" https://api.example.com/orders', 'a request with curl'],
    ['m2m token --cache --min-validity 60s', 'the token of the last run while it is valid for another minute'],
  ],
  takesSettings: true,

  define(command) {
    command
      .option('--json', 'with its type, scope, seconds to live and expiry')
      .option('--header', 'as the line of a header')
      .option('--min-validity <duration>', 'least time that it must be valid, 60s for one')
      .option('--cache', 'keep it, encrypted, for the next run');
  },

  async run({ flags, settings }, context) {
    const { json, header, minValidity, cache } = flags as TokenFlags;
    const minValidityMs = minValidity === undefined ? 0 : parseDuration(minValidity);
    const tokens = await openTokens(await settings(), context, { cache });

    const found = await tokens.getToken(undefined, { signal: context.signal, minValidityMs });

    await write(context.stdout, `${json ? describe(found, context) : header ? headerLine(found) : found.value}\n`);
    if (found.remainingMs(context.clock) < minValidityMs) {
      await write(context.stderr, `m2m: the authorization server gives no token that is valid for ${minValidity}\n`);
    }
    if (found.type === 'DPoP') await write(context.stderr, boundText);
    return 0;
  },
};

interface TokenFlags {
  readonly json?: true;
  readonly header?: true;
  readonly minValidity?: string;
  readonly cache?: true;
}

// RFC 9449 §7: an API takes it with a proof for each request only.
const boundText =
  'm2m: this token is bound to a key that ends with this run (DPoP): no API takes it without the key; m2m call sends requests with it\n';

const headerLine = ({ authorization }: AccessToken): string => `Authorization: ${authorization}`;

// The names of a token response (RFC 6749 §5.1), and when it expires.
function describe(found: AccessToken, { clock }: CommandContext): string {
  return JSON.stringify({
    access_token: found.value,
    token_type: found.type,
    scope: found.scope,
    expires_in: Math.floor(found.remainingMs(clock) / 1_000),
    expires_at: new Date(found.expiresAt).toISOString(),
  });
}
