import { pythonLiteral as literal } from './literal.js';
import type { PrintedCall } from './printed-call.js';

/**
 * Prints a call as a program of Python 3, without further packages. Like the command, it does not follow redirects:
 * urllib would send the secret and the token to the other server.
 */
export function python(call: PrintedCall): string {
  const { tokenEndpoint, clientId, authMethod, certificate, form, method, url, headers, body } = call;
  const fields = form.map(([name, value]) => `(${literal(name)}, ${literal(value)})`);
  const headerLines = headers.map(([name, value]) => `    ${literal(name)}: ${literal(value)},\n`);
  const data = body === undefined ? '' : `, data=${literal(body)}.encode()`;
  const { imports, context, handler } = tlsOf(certificate);

  return `import base64, json, os, ${imports}urllib.parse, urllib.request

class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None

${context}opener = urllib.request.build_opener(NoRedirect${handler})
client_id = ${literal(clientId)}
form = [${fields.join(', ')}]
${authentication[authMethod]}
grant = urllib.request.Request(${literal(tokenEndpoint)}, headers=headers, data=urllib.parse.urlencode(form).encode())
os.environ["ACCESS_TOKEN"] = json.load(opener.open(grant))["access_token"]

headers = {
    "Authorization": "Bearer " + os.environ["ACCESS_TOKEN"],
${headerLines.join('')}}
request = urllib.request.Request(${literal(url)}, method=${literal(method)}, headers=headers${data})
print(opener.open(request).read().decode())
`;
}

function tlsOf(certificate: PrintedCall['certificate']): Readonly<Record<'imports' | 'context' | 'handler', string>> {
  if (certificate === undefined) return { imports: '', context: '', handler: '' };
  const paths = [certificate.certificateFile, certificate.keyFile].map(literal).join(', ');
  return {
    imports: 'ssl, ',
    context: `context = ssl.create_default_context()\ncontext.load_cert_chain(${paths})\n`,
    handler: ', urllib.request.HTTPSHandler(context=context)',
  };
}

const authentication: Readonly<Record<PrintedCall['authMethod'], string>> = {
  client_secret_basic: `client_secret = os.environ["OAUTH_CLIENT_SECRET"]
headers = {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()}`,
  client_secret_post: `form += [("client_id", client_id), ("client_secret", os.environ["OAUTH_CLIENT_SECRET"])]
headers = {}`,
  tls_client_auth: `form += [("client_id", client_id)]
headers = {}`,
};
