import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import type { TokenSource } from '../core/token-source.js';
import type { CommandContext } from './context.js';
import { CommandError } from './io/command-error.js';
import { withSpinner } from './io/spinner.js';
import { requiredServer, requiredSetting, type Settings } from './settings/settings.js';

/** Options of {@link openTokenSource}. */
export interface TokenSourceOptions {
  /** Whether tokens are cached for later runs. @default false */
  readonly cache?: boolean | undefined;
}

/**
 * Opens the token source of the settings. If the cache has a usable token, the secret is not read and the code for a
 * grant is not loaded.
 * @throws {CommandError} if a setting is missing, or DPoP tokens are to be cached
 */
export async function openTokenSource(
  settings: Settings,
  context: CommandContext,
  { cache = false }: TokenSourceOptions = {},
): Promise<TokenSource> {
  const server = requiredServer(settings);
  const clientId = requiredSetting(settings, 'clientId');

  let service: Promise<TokenSource> | undefined;
  const source: TokenSource = {
    async getToken(request, options) {
      const tokens = await (service ??= openTokenService(settings, context));
      return withSpinner(`requesting a token from ${server}`, context, () => tokens.getToken(request, options));
    },
  };
  if (!cache) return source;

  const { withTokenCache } = await import('./token-cache.js');
  const { tokenRequest, usesDpop } = await import('./settings/service-options.js');
  if (usesDpop(settings)) {
    throw new CommandError('--cache cannot store a DPoP token, because its DPoP key exists only during this run', {
      advice: 'leave --cache or --dpop out',
    });
  }
  const identity = [server, clientId, ...(await authenticationIdentity(settings))];
  return withTokenCache({ identity, defaults: tokenRequest(settings) }, context)(source);
}

/**
 * The authentication method and a digest of the certificate: a certificate-bound token requires the same certificate.
 */
async function authenticationIdentity({ authMethod, certificateFile }: Settings): Promise<(string | undefined)[]> {
  if (certificateFile === undefined) return [authMethod?.value];
  const certificate = await readFile(certificateFile.value).catch(() => '');
  return [authMethod?.value, hash('sha256', certificate, 'base64url')];
}

async function openTokenService(settings: Settings, context: CommandContext): Promise<TokenSource> {
  const { readCheckedCredentials } = await import('./settings/credentials.js');
  const { serviceOptions } = await import('./settings/service-options.js');
  const options = await serviceOptions(settings, await readCheckedCredentials(settings, context));
  const { createTokenService } = await import('../service/token-service.js');
  return createTokenService({ ...options, clock: context.clock });
}
