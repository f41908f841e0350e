import { expect, test } from '@jest/globals';

import { granted, startAuthorizationServer } from '../../support/authorization-server.js';
import { startTlsServer } from '../../support/mutual-tls.js';
import { startResourceServer } from '../../support/resource-server.js';
import { runProgram } from '../../support/run-program.js';

interface PrintedSpan {
  readonly name: string;
  readonly id: string;
  readonly parent?: string;
  readonly text: string;
}

/** Runs the program; returns its spans as a tree, and all of their attributes, events and states. */
async function spansOf(client: string, credential: string, tokenEndpoint: string) {
  const api = await startResourceServer();
  const argv = [`${api.origin}/orders`, tokenEndpoint, client, credential];
  const { stdout, stderr, exitCode } = await runProgram('tests/telemetry/opentelemetry/instrumented-program.ts', {
    argv,
  });
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  const { status, spans } = JSON.parse(stdout) as { status: number; spans: readonly PrintedSpan[] };
  expect(status).toBe(200);

  const below = (parent: string | undefined, indent: string): string[] =>
    spans
      .filter((span) => span.parent === parent)
      .toSorted((one, other) => one.name.localeCompare(other.name))
      .flatMap(({ name, id }) => [`${indent}${name}`, ...below(id, `${indent}  `)]);
  return { tree: below(undefined, ''), texts: spans.map(({ text }) => text).join('\n') };
}

const [http, undici] = ['@opentelemetry/instrumentation-http', '@opentelemetry/instrumentation-undici'];

test.each([
  ['axios', http],
  ['fetch', undici],
  ['undici', undici],
])('with %s, each request has one span, and the token request is below m2m.token.grant', async (client, scope) => {
  const { tokenEndpoint } = await startAuthorizationServer();

  const { tree, texts } = await spansOf(client, 'secret', tokenEndpoint);

  expect(tree).toEqual([
    'the caller an application',
    `  GET ${scope}`,
    `  GET ${scope}`,
    '  m2m.token.grant m2m-tokens',
    `    POST ${undici}`,
  ]);
  expect(texts).not.toMatch(/token-1|open sesame|Bearer|Basic/);
});

test('with mutual TLS, the token request is a span of the instrumentation of node:https', async () => {
  const server = await startTlsServer(() => granted('token-1'));

  const { tree, texts } = await spansOf('axios', 'certificate', `${server.origin}/token`);

  expect(tree).toEqual([
    'the caller an application',
    `  GET ${http}`,
    `  GET ${http}`,
    '  m2m.token.grant m2m-tokens',
    `    POST ${http}`,
  ]);
  expect(texts).not.toMatch(/token-1|Bearer|PRIVATE/);
});
