import { AccessToken } from '../../core/access-token.js';
import type { Command } from '../command.js';
import { exitCodes } from '../io/command-error.js';
import { readToken } from '../io/input.js';
import { withSpinner } from '../io/spinner.js';
import { printable, write } from '../io/terminal.js';
import { requiredServer } from '../settings/settings.js';

/** `m2m revoke`: revokes a token (RFC 7009). */
export const revoke: Command = {
  examples: [
    ['m2m revoke < token.txt', 'revokes the token in a file'],
    ['m2m token --cache | m2m revoke', 'revokes the cached token and deletes it from the cache'],
    ['m2m revoke', 'prompts for the token and hides the input'],
  ],
  takesSettings: true,

  define() {},

  async run({ settings: read }, context) {
    const settings = await read();
    const server = requiredServer(settings);
    const { clientIdOf } = await import('../settings/auth-methods.js');
    clientIdOf(settings);
    const value = await readToken(context);
    const { readCheckedCredentials } = await import('../settings/credentials.js');
    const { serviceOptions } = await import('../settings/service-options.js');
    const options = await serviceOptions(settings, await readCheckedCredentials(settings, context));
    const { issuer, tokenEndpoint, protectedResource, issuers, revocationEndpoint } = options;
    const servers = { issuer, tokenEndpoint, protectedResource, issuers, revocationEndpoint };
    const { clientId, clientAuthentication } = options;
    const { clock, signal } = context;
    const grantOptions = { ...servers, clientId, clientAuthentication, clock };
    const token = new AccessToken({ value, issuedAt: 0, expiresAt: Infinity });

    const { forgetToken } = await import('../token-cache.js');
    // Before the revocation, so that no other run gets the token from the cache during it.
    await forgetToken(value, context).catch((error: Error) =>
      write(context.stderr, `m2m: a part of the cache cannot be read: ${printable(error.message)}\n`),
    );
    const { checkTokenServiceOptions } = await import('../../service/options.js');
    checkTokenServiceOptions(options);
    const { clientCredentialsType, grantSource } = await import('../../grant/grants.js');
    const grants = grantSource(grantOptions, clientCredentialsType);
    await withSpinner(`revoking the token at ${server}`, context, () => grants.revoke(token, signal));

    if (context.stderr.isTTY) await write(context.stderr, 'm2m: the token is revoked\n');
    return exitCodes.ok;
  },
};
