import { shellWord as word } from '../../../io/shell-word.js';
import type { PrintedCall } from './printed-call.js';

/** Prints a call as a POSIX shell script for curl and jq. */
export function curl(call: PrintedCall): string {
  const { tokenEndpoint, form, method, url, headers, body } = call;
  const fields = form.map(([name, value]) => `--data-urlencode ${word(`${name}=${value}`)}`);
  const { input, words } = authenticationOf(call);
  const certificate = certificateOf(call);
  const grant = [
    'curl --globoff --silent --show-error --fail',
    ...words,
    ...certificate,
    ...fields,
    word(tokenEndpoint),
  ].join(' ');
  const request = [
    // With --request HEAD, curl waits for a body. Without --globoff, it reads [1-3] and {a,b} in a URL as several URLs.
    `curl --globoff ${method === 'HEAD' ? '--head' : `--request ${word(method)}`}`,
    '--oauth2-bearer "$ACCESS_TOKEN"',
    ...certificate,
    // A header without a value ends in a semicolon; with a colon, curl leaves it out.
    ...headers.map(([name, value]) => `--header ${word(value === '' ? `${name};` : `${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-raw ${word(body)}`]),
    word(url),
  ].join(' ');

  return `ACCESS_TOKEN=$(${input}${grant} | jq --raw-output .access_token)
${request}
`;
}

// Other users can read the arguments of a process: curl hides those of --user, and reads the secret of the form from stdin.
function authenticationOf({ authMethod, clientId }: PrintedCall): {
  readonly input: string;
  readonly words: readonly string[];
} {
  const id = `--data-urlencode ${word(`client_id=${clientId}`)}`;
  switch (authMethod) {
    case 'client_secret_basic':
      return { input: '', words: [`--user ${word(clientId)}:"$OAUTH_CLIENT_SECRET"`] };
    case 'client_secret_post':
      return { input: `printf %s "$OAUTH_CLIENT_SECRET" | `, words: [id, '--data-urlencode client_secret@-'] };
    case 'tls_client_auth':
      return { input: '', words: [id] };
  }
}

const certificateOf = ({ certificate }: PrintedCall): readonly string[] =>
  certificate === undefined
    ? []
    : [`--cert ${word(certificate.certificateFile)}`, `--key ${word(certificate.keyFile)}`];
