import { abortable } from '../../../../core/abort.js';
import { canonicalRequest, type TokenRequest } from '../../../../core/token-request.js';
import { authorizationServer } from '../../../../grant/authorization-server.js';
import type { CommandContext } from '../../../context.js';
import { CommandError } from '../../../io/command-error.js';
import { alive } from '../../../io/terminal.js';
import { authMethodName } from '../../../settings/auth-methods.js';
import { tokenRequest, usesDpop } from '../../../settings/service-options.js';
import { requiredServer, requiredSetting, type Settings } from '../../../settings/settings.js';
import type { ApiRequest } from '../api-request.js';

/** The grant as another tool is to make it. */
export interface PrintedGrant {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly method: 'client_secret_basic' | 'client_secret_post';
  readonly request: TokenRequest;
}

/** Prints a call for another tool: it takes the secret from `OAUTH_CLIENT_SECRET`, and the token goes into `ACCESS_TOKEN`. */
export type CallPrinter = (request: ApiRequest, grant: PrintedGrant) => string;

/** The tools that calls are printed for. */
export const callPrinters: Readonly<Record<string, CallPrinter>> = { curl, httpie, python, javascript };

function curl({ method, url, headers, body }: ApiRequest, grant: PrintedGrant): string {
  const fields = formOf(grant).map(([name, value]) => `--data-urlencode ${shell(`${name}=${value}`)}`);
  // By stdin, since the arguments of a process can be read by others; of --user curl takes care itself.
  const [before, credentials] =
    grant.method === 'client_secret_basic'
      ? ['', `--user ${shell(grant.clientId)}:"$OAUTH_CLIENT_SECRET"`]
      : [
          `printf %s "$OAUTH_CLIENT_SECRET" | `,
          `--data-urlencode ${shell(`client_id=${grant.clientId}`)} --data-urlencode client_secret@-`,
        ];
  const sent = [
    `--request ${shell(method)}`,
    '--oauth2-bearer "$ACCESS_TOKEN"',
    ...headers.map(([name, value]) => `--header ${shell(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-raw ${shell(textOf(body))}`]),
  ];
  return `ACCESS_TOKEN=$(${before}curl --silent --show-error --fail ${credentials} ${fields.join(' ')} ${shell(grant.tokenEndpoint)} | jq --raw-output .access_token)
curl ${sent.join(' ')} ${shell(url.href)}
`;
}

function httpie({ method, url, headers, body }: ApiRequest, grant: PrintedGrant): string {
  const fields = formOf(grant).map(([name, value]) => shell(`${name}=${value}`));
  // By stdin, too: http leaves its arguments to be read, and would prefer what .netrc has for the host.
  const [before, credentials] =
    grant.method === 'client_secret_basic'
      ? [
          `printf 'Basic %s' "$(printf %s ${shell(grant.clientId)}:"$OAUTH_CLIENT_SECRET" | base64 | tr -d '\\n')"`,
          'Authorization:@/dev/stdin',
        ]
      : ['printf %s "$OAUTH_CLIENT_SECRET"', `${shell(`client_id=${grant.clientId}`)} client_secret=@/dev/stdin`];
  const sent = [
    ...(body === undefined ? [] : [`--raw ${shell(textOf(body))}`]),
    shell(method),
    shell(url.href),
    ...headers.map(([name, value]) => shell(`${name}:${value}`)),
    'Authorization:@/dev/stdin',
  ];
  return `ACCESS_TOKEN=$(${before} | http --ignore-stdin --ignore-netrc --check-status --form POST ${shell(grant.tokenEndpoint)} ${[credentials, ...fields].join(' ')} | jq --raw-output .access_token)
printf 'Bearer %s' "$ACCESS_TOKEN" | http --ignore-stdin --ignore-netrc ${sent.join(' ')}
`;
}

function python({ method, url, headers, body }: ApiRequest, grant: PrintedGrant): string {
  const isBasic = grant.method === 'client_secret_basic';
  const form = formOf(grant).map(([name, value]) => `(${json(name)}, ${json(value)})`);
  const own = headers.map(([name, value]) => `    ${json(name)}: ${json(value)},\n`);
  return `import base64, json, os, urllib.parse, urllib.request

client_id, client_secret = ${json(grant.clientId)}, os.environ["OAUTH_CLIENT_SECRET"]
form = [${form.join(', ')}]
${
  isBasic
    ? `authorization = "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
grant = urllib.request.Request(${json(grant.tokenEndpoint)}, headers={"Authorization": authorization}, data=urllib.parse.urlencode(form).encode())`
    : `form += [("client_id", client_id), ("client_secret", client_secret)]
grant = urllib.request.Request(${json(grant.tokenEndpoint)}, data=urllib.parse.urlencode(form).encode())`
}
os.environ["ACCESS_TOKEN"] = json.load(urllib.request.urlopen(grant))["access_token"]

headers = {
    "Authorization": "Bearer " + os.environ["ACCESS_TOKEN"],
${own.join('')}}
request = urllib.request.Request(${json(url.href)}, method=${json(method)}, headers=headers${body === undefined ? '' : `, data=${json(textOf(body))}.encode()`})
print(urllib.request.urlopen(request).read().decode())
`;
}

function javascript({ method, url, headers, body }: ApiRequest, grant: PrintedGrant): string {
  const isBasic = grant.method === 'client_secret_basic';
  const form = formOf(grant).map(([name, value]) => `[${json(name)}, ${json(value)}]`);
  const own = headers.map(([name, value]) => `    ${json(name)}: ${json(value)},\n`);
  return `const clientId = ${json(grant.clientId)};
const clientSecret = process.env.OAUTH_CLIENT_SECRET;
const form = new URLSearchParams([${form.join(', ')}]);
${
  isBasic
    ? 'const headers = { Authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` };'
    : `form.append('client_id', clientId);
form.append('client_secret', clientSecret);
const headers = {};`
}
const grant = await fetch(${json(grant.tokenEndpoint)}, { method: 'POST', headers, body: form });
process.env.ACCESS_TOKEN = (await grant.json()).access_token;

const response = await fetch(${json(url.href)}, {
  method: ${json(method)},
  headers: {
    Authorization: \`Bearer \${process.env.ACCESS_TOKEN}\`,
${own.join('')}  },${body === undefined ? '' : `\n  body: ${json(textOf(body))},`}
});
console.log(await response.text());
`;
}

// RFC 6749 §4.4.2, RFC 8707 §2
function formOf({ request }: PrintedGrant): [string, string][] {
  const { scope, audience, resource } = canonicalRequest(request);
  return [
    ['grant_type', 'client_credentials'],
    ...(scope === undefined ? [] : [['scope', scope] as [string, string]]),
    ...audience.map((name): [string, string] => ['audience', name]),
    ...resource.map((uri): [string, string] => ['resource', uri]),
  ];
}

// A word for a POSIX shell; plain ones stay as they are.
const shell = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

// A literal of JavaScript, and of Python too.
const json = (text: string): string => JSON.stringify(text).replace(/[\u007f-\uffff]/g, escape16);
const escape16 = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

function textOf(body: Buffer): string {
  const text = body.toString('utf8');
  if (!Buffer.from(text).equals(body) || text.includes('\0')) {
    throw new CommandError('the body is no text, and cannot be printed', {
      advice: 'send it, or print the call without it',
    });
  }
  return text;
}

/**
 * What another tool must know to make the grant; an issuer is asked for its token endpoint.
 * @throws {CommandError} when a setting is missing, or other tools cannot be told of the client authentication
 * @throws {TokenError} when the issuer does not say
 */
export async function printedGrant(settings: Settings, context: CommandContext): Promise<PrintedGrant> {
  const { issuer, tokenEndpoint } = settings;
  requiredServer(settings);
  const clientId = requiredSetting(settings, 'clientId');
  if (usesDpop(settings)) {
    throw new CommandError('a call with DPoP is not printed: other tools make no proofs', {
      advice: 'send it with m2m call, or leave --dpop out',
    });
  }
  const server = authorizationServer({
    issuer: issuer?.value,
    tokenEndpoint: tokenEndpoint?.value,
    timeoutMs: 5_000,
    fetch,
    clock: context.clock,
  });
  const metadata = await alive(`asking ${server.name} for its metadata`, context, () =>
    abortable(server.metadata(), context.signal),
  );

  const supported = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const byMetadata = supported.includes('client_secret_basic') ? 'client_secret_basic' : 'client_secret_post';
  const method = authMethodName(settings) ?? byMetadata;
  if (method !== 'client_secret_basic' && method !== 'client_secret_post') {
    throw new CommandError(`a grant with ${method} is not printed: other tools cannot make it`, {
      advice:
        'm2m exec -- COMMAND runs another tool with the token in ACCESS_TOKEN; or set --auth-method client_secret_basic or client_secret_post',
    });
  }
  return { tokenEndpoint: metadata.token_endpoint as string, clientId, method, request: tokenRequest(settings) };
}
