import type { PrintedCall } from './printed-call.js';

/** Prints a call as a POSIX shell script for curl and jq. */
export function curl({ tokenEndpoint, clientId, authMethod, form, method, url, headers, body }: PrintedCall): string {
  const fields = form.map(([name, value]) => `--data-urlencode ${word(`${name}=${value}`)}`);
  // Other users can read the arguments of a process: curl hides those of --user, and reads the secret of the form from stdin.
  const [input, credentials] =
    authMethod === 'client_secret_basic'
      ? ['', [`--user ${word(clientId)}:"$OAUTH_CLIENT_SECRET"`]]
      : [
          `printf %s "$OAUTH_CLIENT_SECRET" | `,
          [`--data-urlencode ${word(`client_id=${clientId}`)}`, '--data-urlencode client_secret@-'],
        ];
  const grant = ['curl --silent --show-error --fail', ...credentials, ...fields, word(tokenEndpoint)].join(' ');
  const request = [
    `curl --request ${word(method)}`,
    '--oauth2-bearer "$ACCESS_TOKEN"',
    ...headers.map(([name, value]) => `--header ${word(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-raw ${word(body)}`]),
    word(url),
  ].join(' ');

  return `ACCESS_TOKEN=$(${input}${grant} | jq --raw-output .access_token)
${request}
`;
}

// Quotes a word for the shell, if it needs quotes.
const word = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
