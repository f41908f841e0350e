import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { granted, startAuthorizationServer } from '../../support/authorization-server.js';
import { parametersIn } from '../../support/client-assertions.js';
import { freePort } from '../../support/free-port.js';
import { startHttpServer } from '../../support/http-server.js';
import { posixTest } from '../../support/posix-test.js';
import { eventually, startProgram } from '../../support/running-program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const timeoutMs = 60_000;
const root = join(import.meta.dirname, '../../..');

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: number };
}

interface Container {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe: Probe & { readonly periodSeconds: number; readonly failureThreshold: number };
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly [string, string] } } };
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [Container];
  readonly volumes: readonly {
    readonly name: string;
    readonly secret?: object;
    readonly projected?: {
      readonly sources: readonly [
        { readonly serviceAccountToken: { readonly path: string; readonly audience: string } },
      ];
    };
  }[];
}

const read = (file: string) => readFile(join(root, file), 'utf8');

/** The pod of a manifest. */
async function podOf(manifest: string): Promise<PodSpec> {
  const { spec } = parse(await read(`examples/kubernetes/${manifest}`)) as { spec: { template: { spec: PodSpec } } };
  return spec.template.spec;
}

/** A volume as the kubelet mounts it: files behind links, which it replaces in one step. */
async function mountVolume() {
  const folder = await temporaryFolder();
  let version = 0;
  async function write(name: string, content: string) {
    const data = `..data-${(version += 1)}`;
    await mkdir(join(folder, data));
    await writeFile(join(folder, data, name), content);
    await symlink(data, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    if (version === 1) await symlink(`..data/${name}`, join(folder, name));
  }
  return { folder, write };
}

/** Runs the program of a manifest with its variables and its volume, but with other servers. */
async function runManifest(manifest: string, { file, content }: { file: string; content: string }) {
  const { containers } = await podOf(manifest);
  const [{ env, volumeMounts, readinessProbe, livenessProbe, startupProbe }] = containers;
  const server = await startAuthorizationServer({ metadata: {} });
  server.script(() => granted(`token-${server.grants.length}`, { expires_in: 2 }));
  const api = await startHttpServer(() => ({}));
  const volume = await mountVolume();
  await volume.write(file, content);
  const port = await freePort();
  const servers: Readonly<Record<string, string>> = {
    OAUTH_ISSUER: server.origin,
    API_URL: api.origin,
    PORT: `${port}`,
  };
  const inVolume = (value: string) =>
    volumeMounts.reduce((path, { mountPath }) => path.replace(mountPath, volume.folder), value);
  const environment = Object.fromEntries(env.map(({ name, value }) => [name, servers[name] ?? inVolume(value)]));

  const program = await startProgram('examples/graceful-shutdown.ts', { environment });
  await program.printed(/^ready$/m);
  const probes = [startupProbe, readinessProbe, livenessProbe].map(async ({ httpGet }) => {
    expect(`${httpGet.port}`).toBe(env.find(({ name }) => name === 'PORT')?.value);
    return (await fetch(`http://127.0.0.1:${port}${httpGet.path}`)).status;
  });
  return { server, volume, program, probes: await Promise.all(probes) };
}

posixTest(
  'secret-file.yaml: the program signs in with the secret, and with the next one after it was replaced',
  async () => {
    const run = await runManifest('secret-file.yaml', { file: 'client-secret', content: 'secret-1\n' });
    const { server, volume, program } = run;
    expect(run.probes).toEqual([200, 200, 200]);

    await volume.write('client-secret', 'secret-2\n');
    const secrets = () =>
      server.grants.map(({ headers }) =>
        Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString(),
      );
    await eventually(() => secrets().includes('orders-service:secret-2'));
    program.kill('SIGTERM');

    expect(await program.ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(secrets()[0]).toBe('orders-service:secret-1');
    expect(new URLSearchParams(server.grants[0]?.body).get('scope')).toBe('orders:read');
    expect(program.output()).not.toMatch(/secret-\d|token-\d/);
  },
  timeoutMs,
);

posixTest(
  'projected-token.yaml: the program signs in with the token of the pod, and with the next one after its rotation',
  async () => {
    const run = await runManifest('projected-token.yaml', { file: 'token', content: 'projected.token.1' });
    const { server, volume, program } = run;
    expect(run.probes).toEqual([200, 200, 200]);

    await volume.write('token', 'projected.token.2');
    const assertions = () => server.grants.map((grant) => parametersIn(grant)['client_assertion']);
    await eventually(() => assertions().includes('projected.token.2'));
    program.kill('SIGTERM');

    expect(await program.ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(assertions()[0]).toBe('projected.token.1');
    expect(program.output()).not.toMatch(/projected\.token|token-\d/);
  },
  timeoutMs,
);

test.each(['secret-file.yaml', 'projected-token.yaml'])(
  '%s names variables that are read, mounts its volume, and stops in time',
  async (manifest) => {
    const { containers, volumes, terminationGracePeriodSeconds } = await podOf(manifest);
    const [{ env, volumeMounts, startupProbe, lifecycle }] = containers;
    const documented = (await read('src/service/environment.ts')) + (await read('examples/graceful-shutdown.ts'));

    expect(env.filter(({ name }) => !documented.replaceAll('`…_', 'OAUTH_IDENTITY_').includes(name))).toEqual([]);
    expect(volumes.map(({ name }) => name)).toEqual(volumeMounts.map(({ name }) => name));
    const paths = env.map(({ value }) => value).filter((value) => value.startsWith('/'));
    expect(paths).toEqual([expect.stringContaining(`${volumeMounts[0]?.mountPath}/`)]);
    // 15 s for the first token; 10 s for a call and 2 s for the revocation.
    expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBeGreaterThan(15);
    expect(terminationGracePeriodSeconds).toBeGreaterThan(Number(lifecycle.preStop.exec.command[1]) + 12);
  },
);

test('the token of the pod is for the authorization server, at the path that the program reads', async () => {
  const { containers, volumes } = await podOf('projected-token.yaml');
  const variables = Object.fromEntries(containers[0].env.map(({ name, value }) => [name, value]));
  const { path, audience } = volumes[0]?.projected?.sources[0].serviceAccountToken ?? {};

  expect(audience).toBe(variables['OAUTH_ISSUER']);
  expect(`${containers[0].volumeMounts[0]?.mountPath}/${path}`).toBe(variables['OAUTH_IDENTITY_PATH']);
});
