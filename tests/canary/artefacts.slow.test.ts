import { describe, expect, test } from '@jest/globals';

import { eventSink } from '../../src/core/event-sink.js';
import { logEvents } from '../../src/telemetry/logging.js';
import { artefactsOf, channels } from './artefacts.js';
import { canaryLog } from './canary-log.js';
import { leaksIn } from './leaks-in.js';
import { markedToken } from './marks.js';

const token = markedToken(1);

/** Errors that hold a secret, as careless libraries make them. */
const planted: Readonly<Record<string, () => unknown>> = {
  message: () => new Error(`refused: Bearer ${token}`),
  cause: () => new Error('failed', { cause: new Error('failed', { cause: new Error(token) }) }),
  member: () => Object.assign(new Error('failed'), { config: { headers: { Authorization: token } } }),
  'hidden member': () => Object.defineProperty(new Error('failed'), 'request', { value: { _header: token } }),
  symbol: () => Object.assign(new Error('failed'), { [Symbol('kOutHeaders')]: { authorization: [token] } }),
  buffer: () => Object.assign(new Error('failed'), { data: Buffer.from(token) }),
  map: () => Object.assign(new Error('failed'), { headers: new Map([['authorization', token]]) }),
  depth: () => Object.assign(new Error('failed'), { a: { b: { c: { d: { e: { f: { g: { h: token } } } } } } } }),
  'plain object': () => ({ config: { token } }),
};

describe('the canary sees a token that is planted', () => {
  test.each(Object.entries(planted))('in a %s', (_where, plant) => {
    expect(leaksIn(artefactsOf('planted', plant()))).not.toEqual([]);
  });

  test.each(Object.keys(channels))('where all that is written is that of %s', (channel) => {
    const carelessly = { message: token, stack: `Error: ${token}`, toString: () => token, toJSON: () => ({ token }) };
    const value = channel === 'structuredClone' ? { token } : carelessly;

    const lines = leaksIn(artefactsOf('planted', value).filter((artefact) => artefact.channel === channel));

    expect(lines).toContainEqual(expect.stringContaining(`by ${channel}`));
  });

  test('in an event, and in the line of the log that tells of it', () => {
    const { logger, lines } = canaryLog();
    const events: unknown[] = [];
    const emit = eventSink(logEvents(logger), (event) => events.push(event));

    const origin = `https://api.example?${encodeURIComponent(token)}`;
    emit({ type: 'request.resent', method: 'GET', origin, reason: 'token rejected' });

    expect(leaksIn(artefactsOf('events', events))).not.toEqual([]);
    expect(leaksIn(lines.map((text) => ({ origin: 'log', channel: 'log line', text })))).not.toEqual([]);
  });
});

test('the canary sees nothing where nothing is', () => {
  expect(leaksIn(artefactsOf('error', new Error('failed', { cause: { token: '[redacted]' } })))).toEqual([]);
});
