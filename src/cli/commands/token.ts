import type { AccessToken } from '../../core/access-token.js';
import type { Command } from '../command.js';
import type { CommandContext } from '../context.js';
import { parseDuration } from '../io/duration.js';
import { write } from '../io/terminal.js';
import { helpGroups } from '../settings/help-groups.js';
import { openTokenSource } from '../token-source.js';

/** `m2m token`: prints a token. */
export const token: Command = {
  examples: [
    ['m2m token', 'prints the token alone, for scripts'],
    ['curl -H "$(m2m token --header)" https://api.example.com/orders', 'sends a request with curl'],
    ['m2m token --grant jwt_bearer --identity kubernetes', 'needs no secret: the pod has an identity'],
    ['m2m token --cache --min-validity 60s', 'prints the cached token if it is valid for another minute'],
  ],
  takesSettings: true,

  define(commandLine) {
    commandLine
      .option('--min-validity <duration>', 'minimum remaining validity, such as 60s')
      .option('--cache', 'cache the token, encrypted, for later runs')
      .optionsGroup(helpGroups.output)
      .option('--json', 'print the token response as JSON, with the time of expiry')
      .option('--header', 'print the token as an Authorization header');
  },

  async run({ flags, settings }, context) {
    const { json, header, minValidity, cache } = flags as TokenFlags;
    const minValidityMs = minValidity === undefined ? 0 : parseDuration(minValidity);
    const tokens = await openTokenSource(await settings(), context, { cache });

    const found = await tokens.getToken(undefined, { signal: context.signal, minValidityMs });

    await write(context.stdout, `${json ? describe(found, context) : header ? headerLine(found) : found.value}\n`);
    if (found.remainingMs(context.clock) < minValidityMs) {
      await write(context.stderr, `m2m: the authorization server issues no token that is valid for ${minValidity}\n`);
    }
    if (found.type === 'DPoP') await write(context.stderr, dpopText);
    return 0;
  },
};

interface TokenFlags {
  readonly json?: true;
  readonly header?: true;
  readonly minValidity?: string;
  readonly cache?: true;
}

// RFC 9449 §7: each request has a proof that is signed with the DPoP key.
const dpopText =
  'm2m: APIs accept a DPoP token only with its DPoP key, which exists only during this run: use m2m call\n';

const headerLine = ({ authorization }: AccessToken): string => `Authorization: ${authorization}`;

// The members of a token response (RFC 6749 §5.1), and the time of expiry.
function describe(found: AccessToken, { clock }: CommandContext): string {
  return JSON.stringify({
    access_token: found.value,
    token_type: found.type,
    scope: found.scope,
    expires_in: Math.floor(found.remainingMs(clock) / 1_000),
    expires_at: new Date(found.expiresAt).toISOString(),
  });
}
