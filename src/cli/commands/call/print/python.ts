import { literal } from './literal.js';
import type { PrintedCall } from './printed-call.js';

/** Prints a call as a program of Python 3, without further packages. */
export function python({ tokenEndpoint, clientId, authMethod, form, method, url, headers, body }: PrintedCall): string {
  const fields = form.map(([name, value]) => `(${literal(name)}, ${literal(value)})`);
  const headerLines = headers.map(([name, value]) => `    ${literal(name)}: ${literal(value)},\n`);
  const data = body === undefined ? '' : `, data=${literal(body)}.encode()`;

  return `import base64, json, os, urllib.parse, urllib.request

client_id, client_secret = ${literal(clientId)}, os.environ["OAUTH_CLIENT_SECRET"]
form = [${fields.join(', ')}]
${authentication[authMethod]}
grant = urllib.request.Request(${literal(tokenEndpoint)}, headers=headers, data=urllib.parse.urlencode(form).encode())
os.environ["ACCESS_TOKEN"] = json.load(urllib.request.urlopen(grant))["access_token"]

headers = {
    "Authorization": "Bearer " + os.environ["ACCESS_TOKEN"],
${headerLines.join('')}}
request = urllib.request.Request(${literal(url)}, method=${literal(method)}, headers=headers${data})
print(urllib.request.urlopen(request).read().decode())
`;
}

const authentication: Readonly<Record<PrintedCall['authMethod'], string>> = {
  client_secret_basic:
    'headers = {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()}',
  client_secret_post: `form += [("client_id", client_id), ("client_secret", client_secret)]
headers = {}`,
};
