import { describe, expect, test } from '@jest/globals';

import { federatedAssertion } from '../../src/authentication/federated-assertion.js';
import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { jwtBearer } from '../../src/grant/jwt-bearer.js';
import { tokenExchange } from '../../src/grant/token-exchange.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { startSurroundings } from '../support/adapter-service.js';
import { granted, refused } from '../support/authorization-server.js';
import type { Answer, Handler } from '../support/http-server.js';
import { nodeFetches } from '../support/node-fetches.js';
import { artefactsOf } from './artefacts.js';
import { canaryLog } from './canary-log.js';
import { clients } from './clients.js';
import { leaksIn } from './leaks-in.js';
import { markedSecret, markedToken, secretMark } from './marks.js';
import { recordTelemetry } from './telemetry.js';

const token = markedToken(1);
const both = (secret: string) => `${secret} and ${token}`;
const asJson = (text: string) => JSON.stringify(text).slice(1, -1);

/** The ways in which a server may repeat what it was sent, or was about to send. */
const repetitionsOf = (secret: string): Readonly<Record<string, string>> => ({
  'in clear': secret,
  'several times': secret.repeat(20),
  'at the place where it is cut': 'x'.repeat(290) + secret,
  'percent-encoded': encodeURIComponent(secret),
  'percent-encoded in lower case': encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  'form-encoded': new URLSearchParams({ client_secret: secret }).toString(),
  'as JSON': asJson(secret),
  'as JSON in JSON': asJson(asJson(secret)),
  'in base64': Buffer.from(secret).toString('base64'),
  'as the credentials that were sent': `Basic ${Buffer.from(`orders:${secret}`).toString('base64')}`,
  'in base64url': Buffer.from(secret).toString('base64url'),
  'in hexadecimal digits': Buffer.from(secret).toString('hex'),
  'in hexadecimal digits in upper case': Buffer.from(secret).toString('hex').toUpperCase(),
});

// A server may decode the base64 and repeat the result. These are the characters that `clientSecretBasic` encodes.
const encodedSecret = markedSecret.replace(/[^\x21-\x7e]|[%+]/gu, encodeURIComponent);
const answersOfBasic: Readonly<Record<string, Answer>> = {
  'the decoded credentials': refused('invalid_client', { status: 401, description: `orders:${encodedSecret}` }),
  'an outage that tells of the decoded credentials': {
    status: 503,
    body: { error: 'server_error', error_description: encodeURIComponent(encodedSecret) },
  },
};

/** Answers that repeat the secret, or give a token that cannot be used. */
const answersOf = (secret: string): Readonly<Record<string, Answer>> => ({
  ...Object.fromEntries(
    Object.entries(repetitionsOf(secret)).flatMap(([how, text]): [string, Answer][] => [
      [`error_description ${how}`, refused('invalid_client', { status: 401, description: `no: ${text}` })],
      [`error ${how}`, refused(text.slice(0, 100))],
      [`an outage ${how}`, { status: 503, body: { error: 'server_error', error_description: text } }],
      [`a redirect ${how}`, { status: 307, headers: { location: `/x?${encodeURI(text)}#${encodeURI(text)}` } }],
      [`a path of a redirect ${how}`, { status: 307, headers: { location: `/${encodeURI(text)}/x` } }],
      [`HTML ${how}`, { status: 200, headers: { 'content-type': 'text/html' }, body: `<p>${text}</p>` }],
    ]),
  ),
  'a token of an unknown type': granted(token, { token_type: 'mac' }),
  'a token without a type': granted(token, { token_type: undefined }),
  'a token with a lifetime that is none': granted(token, { expires_in: 'soon' }),
  'a token with a lifetime below zero': granted(token, { expires_in: -1 }),
  'a token with a lifetime that looks like a date': granted(token, { expires_in: 2e12 }),
  'a token that cannot be sent': granted(`${token}\r\nx: y`),
  'a token that is a list': granted('x', { access_token: [token] }),
  'a token in a refusal': { status: 400, body: { error: token, error_description: both(secret), access_token: token } },
  'a token in a refusal with 200': {
    body: { error: 'invalid_client', error_description: both(secret), access_token: token },
  },
  'a body that stops': {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ both: both(secret) }).slice(0, -1),
  },
  'a body with an unknown encoding': { headers: { 'content-encoding': 'br' }, body: both(secret) },
  'a content type that repeats the secret': {
    headers: { 'content-type': `text/${encodeURIComponent(secret)}` },
    body: both(secret),
  },
  'a member of __proto__': { body: `{"__proto__":{"error_description":${JSON.stringify(both(secret))}},"error":"x"}` },
  'a deep body': {
    headers: { 'content-type': 'application/json' },
    body: '['.repeat(50_000) + JSON.stringify(both(secret)),
  },
});
const answers = answersOf(markedSecret);

const basic = clientSecretBasic(markedSecret);

// Some libraries describe the request in such an error.
const failures: Readonly<Record<string, Handler>> = {
  'a connection that is reset': (_request, response) => void response.destroy(),
  'a response that is no HTTP': (_request, response) => void response.socket?.end('nonsense\r\n\r\n'),
  'a response that breaks off': (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
    response.write(JSON.stringify({ both: both(markedSecret) }), () => response.destroy());
  },
};

// A token has no blanks.
const subject = `${secretMark}:%+/="'(~é`;
const subjectToken = () => subject;
const exchange = { subjectToken, subjectTokenType: 'jwt', actorToken: subjectToken, actorTokenType: 'jwt' };

describe.each<[string, Partial<TokenServiceOptions>, Readonly<Record<string, Answer | Handler>>]>([
  ['client_secret_basic', { clientAuthentication: basic }, { ...answers, ...answersOfBasic }],
  ['client_secret_post', { clientAuthentication: clientSecretPost(markedSecret) }, answers],
  ['a federated assertion', { clientAuthentication: federatedAssertion(subjectToken) }, answersOf(subject)],
  ['the JWT bearer grant', { grant: jwtBearer({ assertion: subjectToken }) }, answersOf(subject)],
  ['a token exchange', { grant: tokenExchange(exchange) }, answersOf(subject)],
  ['a token exchange as JSON', { grant: tokenExchange({ ...exchange, bodyFormat: 'json' }) }, answersOf(subject)],
  ...Object.entries(nodeFetches).map(
    ([name, nodeFetch]) =>
      [name, { clientAuthentication: basic, fetch: nodeFetch }, { ...answers, ...answersOfBasic, ...failures }] as [
        string,
        Partial<TokenServiceOptions>,
        Readonly<Record<string, Answer | Handler>>,
      ],
  ),
])('with %s', (_method, options, all) => {
  test.each(Object.entries<Answer | Handler>(all))('writes down nothing of %s [F4 A29 R-24]', async (_what, answer) => {
    const { logger, lines } = canaryLog();
    const { authorizationServer, tokens, api, events, onEvent } = await startSurroundings({
      clientSecret: undefined,
      ...options,
      logger,
    });
    authorizationServer.script(answer);
    const telemetry = recordTelemetry(tokens);

    const client = clients['axios by http']?.({ tokens, origin: api.origin, onEvent });
    const outcome = await client?.({ path: '/orders' });
    const log = lines.map((text) => ({ origin: 'log', channel: 'log line', text }));

    expect(
      leaksIn([
        ...artefactsOf('outcome', outcome?.['outcome']),
        ...artefactsOf('events', events),
        ...log,
        ...(await telemetry.artefacts()),
      ]),
    ).toEqual([]);
    expect(log).not.toEqual([]);
    expect(telemetry.messages.size).toBeGreaterThan(2);
    expect(api.requests).toEqual([]);
  });
});
