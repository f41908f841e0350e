import { supportedMethod } from '../../../../authentication/supported-method.js';
import { abortable } from '../../../../core/abort.js';
import { canonicalRequest } from '../../../../core/token-request.js';
import { authorizationServer } from '../../../../grant/authorization-server.js';
import type { CommandContext } from '../../../context.js';
import { CommandError } from '../../../io/command-error.js';
import { withSpinner } from '../../../io/spinner.js';
import { authMethodName, isClientCredentials, isMutualTls } from '../../../settings/auth-methods.js';
import { readCredentials } from '../../../settings/credentials.js';
import { serverOptions, tokenRequest, usesDpop } from '../../../settings/service-options.js';
import { requiredServer, requiredSetting, type Settings } from '../../../settings/settings.js';
import type { ApiRequest } from '../api-request.js';

/** The grant and the API request of a printed program. The program reads the secret from `OAUTH_CLIENT_SECRET`. */
export interface PrintedCall {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly authMethod: 'client_secret_basic' | 'client_secret_post' | 'tls_client_auth';
  /** The paths of the client certificate and its key, for mutual TLS. */
  readonly certificate: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  /** The form of the token request, without credentials (RFC 6749 §4.4.2, RFC 8707 §2). */
  readonly form: readonly (readonly [name: string, value: string])[];
  readonly method: string;
  readonly url: string;
  readonly headers: ApiRequest['headers'];
  readonly body: string | undefined;
}

/**
 * Combines the settings and the request. With an issuer, its metadata names the token endpoint.
 * @throws {CommandError} if a setting is missing, or the call cannot be printed as a program
 * @throws {TokenError} if the metadata of the issuer is unavailable, or lists no method that sends a secret
 */
export async function printedCall(
  { method, url, headers, body }: ApiRequest,
  settings: Settings,
  context: CommandContext,
): Promise<PrintedCall> {
  requiredServer(settings);
  if (!isClientCredentials(settings)) {
    throw new CommandError('--print supports the client credentials grant only', {
      advice: 'send the request with m2m call, or run another program with the token: m2m exec -- COMMAND',
    });
  }
  if (usesDpop(settings)) {
    throw new CommandError('--print does not support DPoP', { advice: 'send the request with m2m call' });
  }
  const { resource: named, ...server } = await serverFacts(settings, context);
  const request = canonicalRequest(tokenRequest(settings));
  const { scope, audience, parameters } = request;
  // RFC 8707 §2; as in a grant, a resource of the settings takes precedence.
  const resource = request.resource.length > 0 || named === undefined ? request.resource : [named];
  const lists = Object.entries({ ...parameters, scope: scope ?? [], audience, resource });
  const form = lists.flatMap(([name, values]) => [values].flat().map((value) => [name, value] as const));
  return {
    ...server,
    certificate: isMutualTls(settings) ? await certificateOf(settings, context) : undefined,
    clientId: requiredSetting(settings, 'clientId'),
    form: [['grant_type', 'client_credentials'], ...form],
    method,
    url: url.href,
    headers,
    body: body && textOf(body),
  };
}

async function serverFacts(
  settings: Settings,
  context: CommandContext,
): Promise<Pick<PrintedCall, 'tokenEndpoint' | 'authMethod'> & { readonly resource: string | undefined }> {
  const { issuer, tokenEndpoint, protectedResource, issuers } = serverOptions(settings);
  const urls = { issuer, tokenEndpoint, protectedResource, issuers };
  const server = authorizationServer({ ...urls, timeoutMs: 5_000, fetch, clock: context.clock });
  const metadata = await withSpinner(`reading the metadata of ${server.name}`, context, () =>
    abortable(server.metadata(), context.signal),
  );

  const { resource } = server;
  const authMethod = authMethodName(settings) ?? supportedMethod(metadata, 'client_secret_basic', 'client_secret_post');
  const { token_endpoint: endpoint, mtls_endpoint_aliases: aliases } = metadata;
  // RFC 8705 §5
  if (isMutualTls(settings))
    return { tokenEndpoint: String(aliases?.token_endpoint ?? endpoint), authMethod: 'tls_client_auth', resource };
  if (authMethod !== 'client_secret_basic' && authMethod !== 'client_secret_post') {
    throw new CommandError(`--print does not support ${authMethod}`, {
      advice:
        'run another program with the token in ACCESS_TOKEN: m2m exec -- COMMAND; ' +
        'or set --auth-method client_secret_basic or client_secret_post',
    });
  }
  return { tokenEndpoint: String(endpoint), authMethod, resource };
}

async function certificateOf(settings: Settings, context: CommandContext): Promise<PrintedCall['certificate']> {
  // Fails if the files are unusable, because the program needs them.
  await readCredentials(settings, context);
  const [certificateFile, keyFile] = [settings.certificateFile, settings.keyFile].map((setting) =>
    String(setting?.value),
  );
  return { certificateFile: String(certificateFile), keyFile: String(keyFile) };
}

function textOf(body: Buffer): string {
  const text = body.toString('utf8');
  if (!Buffer.from(text).equals(body) || text.includes('\0')) {
    throw new CommandError('--print does not support a binary body', { advice: 'print the call without the body' });
  }
  return text;
}
