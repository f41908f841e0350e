import { CommandError } from '../../../io/command-error.js';
import { literal } from './literal.js';
import type { PrintedCall } from './printed-call.js';

/**
 * Prints a call as an ES module for Node.js, without further packages. Like the command, it does not follow redirects,
 * which could send the secret to another server.
 * @throws {CommandError} for mutual TLS, because `fetch` presents no certificate
 */
export function javascript(call: PrintedCall): string {
  const { tokenEndpoint, clientId, authMethod, form, method, url, headers, body } = call;
  if (authMethod === 'tls_client_auth') {
    throw new CommandError('--print javascript does not support a client certificate', {
      advice: 'use --print curl or --print python',
    });
  }
  const fields = form.map(([name, value]) => `[${literal(name)}, ${literal(value)}]`);
  const headerLines = headers.map(([name, value]) => `    ${literal(name)}: ${literal(value)},\n`);
  const bodyLine = body === undefined ? '' : `\n  body: ${literal(body)},`;

  return `const clientId = ${literal(clientId)};
const clientSecret = process.env.OAUTH_CLIENT_SECRET;
const form = new URLSearchParams([${fields.join(', ')}]);
${authentication[authMethod]}
const grant = await fetch(${literal(tokenEndpoint)}, { method: 'POST', headers, body: form, redirect: 'error' });
process.env.ACCESS_TOKEN = (await grant.json()).access_token;

const response = await fetch(${literal(url)}, {
  method: ${literal(method)},
  redirect: 'manual',
  headers: {
    Authorization: \`Bearer \${process.env.ACCESS_TOKEN}\`,
${headerLines.join('')}  },${bodyLine}
});
console.log(await response.text());
`;
}

const authentication: Readonly<Record<Exclude<PrintedCall['authMethod'], 'tls_client_auth'>, string>> = {
  client_secret_basic: 'const headers = { Authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` };',
  client_secret_post: `form.append('client_id', clientId);
form.append('client_secret', clientSecret);
const headers = {};`,
};
