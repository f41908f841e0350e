import { Console } from 'node:console';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';
import { fastify } from 'fastify';
import { pino } from 'pino';
import winston from 'winston';

import { GrantUnavailableError } from '../../src/core/errors.js';
import { createTokenService, type TokenService } from '../../src/service/token-service.js';
import { type EventLogger, logEvents } from '../../src/telemetry/logging.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { secret } from '../support/grant-outcome.js';
import { memoryLog } from '../support/memory-log.js';
import { warnings } from '../support/warnings.js';

/** A stream that keeps what is written to it. */
function memoryStream() {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString('utf8'));
      done();
    },
  });
  return { stream, written: () => chunks.join('') };
}

const sentence =
  'a token could not be renewed; it remains valid for 60 s, next attempt in 1.5 s at the earliest: https://auth.example/100%25%d is not available';
const facts = {
  type: 'renewal.failed',
  tokenService: 'orders',
  requestedScope: 'a',
  retryAfterMs: 1_500,
  remainingMs: 60_000,
  err: { type: 'GrantUnavailableError', code: 'ERR_GRANT_UNAVAILABLE', status: 503 },
};

/** Writes one warning. Its message has what some loggers take for placeholders. */
const warn = (logger: EventLogger) =>
  logEvents(logger)({
    service: 'orders',
    type: 'renewal.failed',
    requestedScope: 'a',
    scope: 'a',
    reason: 'advisory',
    error: new GrantUnavailableError('https://auth.example/100%25%d is not available', { status: 503 }),
    retryAfterMs: 1_500,
    remainingMs: 60_000,
  });

describe('a line of', () => {
  test('pino has the facts and the sentence', () => {
    const { logger, lines } = memoryLog();

    warn(logger);

    expect(lines).toMatchObject([{ level: 40, msg: sentence, ...facts }]);
    expect(lines[0]?.['err']).not.toHaveProperty('stack');
  });

  test('pino with names of its own for message and error has them too', () => {
    const { stream, written } = memoryStream();

    warn(pino({ base: { service: 'shop' }, messageKey: 'message', errorKey: 'error' }, stream));

    expect(JSON.parse(written())).toMatchObject({ service: 'shop', message: sentence, ...facts });
  });

  test.each([
    ['its server', (app: ReturnType<typeof fastify>) => app.log],
    ['one request', (app: ReturnType<typeof fastify>) => app.log.child({ reqId: 'req-1' })],
  ])('Fastify, of %s, has the facts and the sentence', (_whose, loggerOf) => {
    const { stream, written } = memoryStream();
    const app = fastify({ logger: { stream } });
    cleanUp(() => app.close());

    warn(loggerOf(app));

    const line = JSON.parse(written()) as Record<string, unknown>;
    expect(line).toMatchObject({ level: 40, msg: sentence, ...facts });
    expect(line['err']).not.toHaveProperty('stack');
  });

  test('winston in JSON has the facts and the sentence, and the default members of the logger', async () => {
    const { stream, written } = memoryStream();
    const logger = winston.createLogger({
      defaultMeta: { service: 'shop' },
      format: winston.format.json(),
      transports: new winston.transports.Stream({ stream }),
    });

    warn(logger);
    warn(logger.child({ part: 'orders' }));
    logger.end();
    await once(logger, 'finish');

    const lines = written()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { level: 'warn', service: 'shop', message: sentence, ...facts },
      { level: 'warn', service: 'shop', part: 'orders', message: sentence, ...facts },
    ]);
  });

  test('winston as text begins with the sentence', async () => {
    const { stream, written } = memoryStream();
    const logger = winston.createLogger({
      format: winston.format.combine(winston.format.splat(), winston.format.simple()),
      transports: new winston.transports.Stream({ stream }),
    });

    warn(logger);
    logger.end();
    await once(logger, 'finish');

    expect(written()).toMatch(`warn: ${sentence} {`);
    expect(written()).toContain('"retryAfterMs":1500');
  });

  test('the console has the facts and then the sentence', () => {
    const { stream, written } = memoryStream();

    warn(new Console(stream, stream));

    expect(written().endsWith(`} ${sentence}\n`)).toBe(true);
    expect(written()).toContain("tokenService: 'orders'");
    expect(written()).toContain("code: 'ERR_GRANT_UNAVAILABLE'");
    expect(written()).not.toContain('    at ');
  });

  test('a class keeps its this', () => {
    class Logger {
      readonly #lines: unknown[] = [];

      get lines() {
        return this.#lines;
      }

      debug() {}

      info() {}

      warn(line: object, message: string) {
        this.#lines.push([line, message]);
      }

      error() {}
    }
    const logger = new Logger();

    warn(logger);

    expect(logger.lines).toMatchObject([[{ type: 'renewal.failed' }, sentence]]);
  });
});

describe('a logger that', () => {
  async function serviceWith(write: () => unknown) {
    const heard = warnings();
    const server = await startAuthorizationServer();
    const logger = { debug: write, info: write, warn: write, error: write };
    const tokens: TokenService = createTokenService({
      tokenEndpoint: server.tokenEndpoint,
      clientId: 'orders',
      clientSecret: secret,
      logger,
    });
    return { server, tokens, heard };
  }

  test.each([
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
  ])('%s affects no call, and is a process warning [F13]', async (_what, write) => {
    const { server, tokens, heard } = await serviceWith(write);

    const token = await tokens.getToken();
    server.script({ status: 503 });
    const failure = await tokens.getToken({ scope: 'other' }).catch((error: unknown) => error);
    await setImmediate();

    expect(token.value).toBe('token-1');
    expect(failure).toBeInstanceOf(GrantUnavailableError);
    expect(heard).toEqual([
      'An event sink of m2m-tokens failed on "grant.succeeded"; its further failures are not reported: Error: disk full',
    ]);
  });
});
