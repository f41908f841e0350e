import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { granted, refused, startAuthorizationServer } from '../../support/authorization-server.js';
import { testAuthority } from '../../support/certificates.js';
import { eventually, startProgram } from '../../support/running-program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { startKafkaPeer } from './kafka-peer.js';

const timeoutMs = 60_000;

/** An authorization server whose tokens live for `lifetimeMs`, a broker that accepts them, and the program. */
async function start({ lifetimeMs, accepts = true }: { lifetimeMs: number; accepts?: boolean }) {
  const expiries = new Map<string, number>();
  const server = await startAuthorizationServer({ metadata: {} });
  server.script(() => {
    const token = `token-${server.grants.length}`;
    if (accepts) expiries.set(token, Date.now() + lifetimeMs);
    return granted(token, { expires_in: lifetimeMs / 1_000 });
  });
  const peer = await startKafkaPeer({ expiryOf: (token) => expiries.get(token) });
  const CA_FILE = join(await temporaryFolder(), 'ca.pem');
  await writeFile(CA_FILE, testAuthority);
  const program = await startProgram('examples/kafka.ts', {
    environment: {
      OAUTH_ISSUER: server.origin,
      OAUTH_CLIENT_ID: 'orders-service',
      OAUTH_CLIENT_SECRET: 'a-secret',
      KAFKA_BROKER: peer.broker,
      CA_FILE,
    },
  });
  const listings = (token: string) =>
    peer.requests.filter(({ api, token: sent, isRefused }) => api === 'Metadata' && sent === token && !isRefused)
      .length;
  return { server, peer, program, listings };
}

test(
  'kafka.ts authenticates its connection again with a renewed token',
  async () => {
    const { server, peer, program, listings } = await start({ lifetimeMs: 4_000 });
    await program.printed(/topics \[ 'orders' \]/);

    await eventually(() => listings('token-2') > 0);
    program.kill('SIGTERM');

    expect(await program.ended).toMatchObject({ exitCode: 0, stderr: '' });
    const [first, ...later] = peer.requests.filter(({ api }) => api === 'SaslAuthenticate');
    expect(first).toEqual({ connection: 1, api: 'SaslAuthenticate', token: 'token-1', isRefused: false });
    expect(later).toContainEqual({ connection: 1, api: 'SaslAuthenticate', token: 'token-2', isRefused: false });
    expect(peer.requests.filter(({ isRefused }) => isRefused)).toEqual([]);
    expect(server.grants.length).toBeLessThanOrEqual(3);
    expect(program.output()).not.toMatch(/token-\d|a-secret/);
  },
  timeoutMs,
);

test(
  'kafka.ts keeps its connection while the authorization server is down and the token is valid',
  async () => {
    const { server, peer, program, listings } = await start({ lifetimeMs: 6_000 });
    await program.printed(/topics/);
    server.script(refused('temporarily_unavailable', { status: 503 }));

    // The renewal is under way or has failed.
    await eventually(() => server.grants.length > 1);
    const before = listings('token-1');
    await eventually(() => listings('token-1') > before + 1);
    program.kill('SIGTERM');

    expect(await program.ended).toMatchObject({ exitCode: 0 });
    expect(new Set(peer.requests.map(({ connection }) => connection)).size).toBeLessThanOrEqual(2);
    expect(peer.requests.filter(({ isRefused }) => isRefused)).toEqual([]);
  },
  timeoutMs,
);

test(
  'kafka.ts ends if the broker rejects the token, and prints no token',
  async () => {
    const { program, peer } = await start({ lifetimeMs: 60_000, accepts: false });

    expect(await program.ended).toMatchObject({ exitCode: 1 });
    expect(program.output()).toContain('SASL OAUTHBEARER authentication failed: Invalid token');
    expect(program.output()).not.toMatch(/token-\d|a-secret/);
    expect(peer.requests.map(({ api }) => api)).not.toContain('Metadata');
  },
  timeoutMs,
);
