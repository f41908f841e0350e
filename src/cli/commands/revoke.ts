import { AccessToken } from '../../core/access-token.js';
import type { Verb } from '../command.js';
import { exitCodes } from '../io/command-error.js';
import { readToken } from '../io/input.js';
import { alive, write } from '../io/terminal.js';
import { requiredServer, requiredSetting } from '../settings/settings.js';

/** `m2m revoke`: revokes a token (RFC 7009). */
export const revoke: Verb = {
  examples: [
    ['m2m revoke < token.txt', 'the token of a file'],
    ['m2m token --cache | m2m revoke', 'the token that is kept for the next run, which then gets another one'],
    ['m2m revoke', 'asks for the token, and does not show it'],
  ],
  takesSettings: true,

  define() {},

  async run({ settings: read }, context) {
    const settings = await read();
    const server = requiredServer(settings);
    requiredSetting(settings, 'clientId');
    const value = await readToken(context);
    const { readCredentials } = await import('../settings/credentials.js');
    const { serviceOptions } = await import('../settings/service-options.js');
    const options = await serviceOptions(settings, await readCredentials(settings, context));
    const { issuer, tokenEndpoint, revocationEndpoint, clientId, clientAuthentication } = options;
    const { clock, signal, env } = context;
    const where = { issuer, tokenEndpoint, revocationEndpoint, clientId, clientAuthentication, clock };
    const token = new AccessToken({ value, issuedAt: 0, expiresAt: Infinity });

    const { forgetToken } = await import('../token-cache.js');
    // Before it is revoked: whoever runs the command meanwhile must not get it.
    await forgetToken(value, env);
    const { clientCredentials } = await import('../../grant/client-credentials.js');
    await alive(`asking ${server} to revoke the token`, context, () => clientCredentials(where).revoke(token, signal));

    if (context.stderr.isTTY) await write(context.stderr, 'm2m: the token is revoked\n');
    return exitCodes.ok;
  },
};
