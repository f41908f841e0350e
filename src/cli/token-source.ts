import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import type { TokenSource } from '../core/token-source.js';
import type { CommandContext } from './context.js';
import { CommandError } from './io/command-error.js';
import { withSpinner } from './io/spinner.js';
import { type CredentialsReader, credentialsReader } from './settings/credentials-reader.js';
import { requiredServer, requiredSetting, type Settings } from './settings/settings.js';

/** Options of {@link openTokenSource}. */
export interface TokenSourceOptions {
  /** Whether tokens are cached for later runs. @default false */
  readonly cache?: boolean | undefined;
  /** @default a reader of the credentials in the settings */
  readonly readCredentials?: CredentialsReader;
}

/**
 * Opens the token source of the settings. If the cache has a usable token, the secret is not read and the code for a
 * grant is not loaded.
 * @throws {CommandError} if a setting is missing, or DPoP tokens are to be cached
 */
export async function openTokenSource(
  settings: Settings,
  context: CommandContext,
  { cache = false, readCredentials = credentialsReader(settings, context) }: TokenSourceOptions = {},
): Promise<TokenSource> {
  const server = requiredServer(settings);
  const clientId = await clientIdOf(settings);

  let service: Promise<TokenSource> | undefined;
  const source: TokenSource = {
    async getToken(request, options) {
      const tokens = await (service ??= openTokenService(settings, readCredentials, context));
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
  const authentication = await authenticationIdentity(settings, readCredentials);
  const identity = [
    server,
    settings.issuers?.value,
    clientId,
    ...authentication,
    ...(await grantIdentity(settings, readCredentials)),
  ];
  return withTokenCache({ identity, defaults: tokenRequest(settings) }, context)(source);
}

// Without the code for other grants, if the client credentials grant is used.
async function clientIdOf(settings: Settings): Promise<string | undefined> {
  if (settings.grant === undefined) return requiredSetting(settings, 'clientId');
  return (await import('./settings/auth-methods.js')).clientIdOf(settings);
}

/** The grant, the types of its tokens, and digests of their subjects, which stay the same after a rotation. */
async function grantIdentity(settings: Settings, readCredentials: CredentialsReader): Promise<(string | undefined)[]> {
  if (settings.grant === undefined) return [];
  const { serviceOptions } = await import('./settings/service-options.js');
  const { grantTypeOf } = await import('../grant/grant-type.js');
  const { grant } = await serviceOptions(settings, await readCredentials());
  const names = ['grant', 'subjectTokenType', 'actorTokenType', 'requestedTokenType'] as const;
  return grant === undefined
    ? []
    : [...names.map((name) => settings[name]?.value), await grantTypeOf(grant).subject?.()];
}

/**
 * The authentication method and a digest of the certificate: a certificate-bound token requires the same certificate.
 */
async function authenticationIdentity(
  settings: Settings,
  readCredentials: CredentialsReader,
): Promise<(string | undefined)[]> {
  const { authMethod, certificateFile } = settings;
  if (certificateFile === undefined) return [authMethod?.value];
  const { isMutualTls } = await import('./settings/auth-methods.js');
  const certificate = isMutualTls(settings)
    ? (await readCredentials()).certificate
    : await readFile(certificateFile.value).catch(() => '');
  return [authMethod?.value, hash('sha256', certificate, 'base64url')];
}

async function openTokenService(
  settings: Settings,
  readCredentials: CredentialsReader,
  context: CommandContext,
): Promise<TokenSource> {
  const { serviceOptions } = await import('./settings/service-options.js');
  const options = await serviceOptions(settings, await readCredentials());
  const { createTokenService } = await import('../service/token-service.js');
  return createTokenService({ ...options, clock: context.clock });
}
