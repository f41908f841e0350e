import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { rejected, startResourceServer } from '../support/resource-server.js';
import { runProgram } from '../support/run-program.js';

const run = promisify(execFile);
// Maven downloads 30 MB, once for each machine.
const timeoutMs = 240_000;
const root = join(import.meta.dirname, '../..');
const secret = 'a-secret-of-a-client';

const version = '7.25.0';
const artifact = `org.openapitools:openapi-generator-cli:${version}`;
const jar = join(
  homedir(),
  `.m2/repository/org/openapitools/openapi-generator-cli/${version}/openapi-generator-cli-${version}.jar`,
);

describeWithGenerator()('openapi-generator/main.ts', () => {
  let folder: string;
  let program: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'm2m-tokens-'));
    await cp(join(root, 'examples/openapi-generator'), folder, { recursive: true });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    // The generated code is not as strict as this project.
    const compilerOptions = {
      erasableSyntaxOnly: false,
      exactOptionalPropertyTypes: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      noUncheckedIndexedAccess: false,
    };
    const tsconfig = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.ts'], exclude: [] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    const options = ['--additional-properties=importFileExtension=.js'];
    const files = ['-i', 'openapi.yaml', '-o', 'generated'];
    await run('java', ['-jar', jar, 'generate', '-g', 'typescript-axios', ...files, ...options], { cwd: folder });
    program = join(folder, 'main.ts');
  }, timeoutMs);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function surroundings() {
    const authorizationServer = await startAuthorizationServer({ metadata: {} });
    authorizationServer.script(({ body }) => {
      const scope = new URLSearchParams(body).get('scope');
      return granted(`token-${authorizationServer.grants.length}-${scope}`);
    });
    const api = await startResourceServer();
    const environment = { OAUTH_ISSUER: authorizationServer.origin, CLIENT_SECRET: secret, API_URL: api.origin };
    return { authorizationServer, api, environment };
  }

  test(
    'compiles',
    async () => {
      const { stdout } = await run('node_modules/.bin/tsc', ['-p', folder], { cwd: root });

      expect(stdout).toBe('');
    },
    timeoutMs,
  );

  test(
    'sends each operation with the token of its scope, and resends an order after a 401 [E1 E21]',
    async () => {
      const { api, environment } = await surroundings();
      api.answer(({ method, headers }) => {
        if (headers.authorization === 'Bearer token-1-orders:write') return rejected();
        return { body: method === 'POST' ? { id: '7', quantity: 3 } : [{ quantity: 3 }, { quantity: 4 }] };
      });

      const outcome = await runProgram(program, { environment });

      expect(outcome).toEqual({ exitCode: 0, stdout: 'order 7 of 2\n', stderr: '' });
      const seen = api.requests.map(({ method, path, headers, body }) => [method, path, headers.authorization, body]);
      expect(seen).toEqual([
        ['POST', '/orders', 'Bearer token-1-orders:write', '{"quantity":3}'],
        ['POST', '/orders', 'Bearer token-2-orders:write', '{"quantity":3}'],
        ['GET', '/orders?limit=10', 'Bearer token-3-orders:read', ''],
      ]);
    },
    timeoutMs,
  );

  test(
    'fails with the error of the token service, which holds no secret',
    async () => {
      const { authorizationServer, api, environment } = await surroundings();
      authorizationServer.script(refused('invalid_client', { status: 401, description: `wrong: ${secret}` }));

      const { exitCode, stderr } = await runProgram(program, { environment });

      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/GrantRejectedError.*rejected the grant of client "orders-service" \(invalid_client/);
      expect(stderr).not.toContain(secret);
      expect(api.requests).toEqual([]);
    },
    timeoutMs,
  );
});

/** Returns `describe` if the generator is here, or Maven can download it; otherwise prints one line and returns `describe.skip`. */
function describeWithGenerator(): typeof describe | typeof describe.skip {
  const hasJava = spawnSync('java', ['-version']).status === 0;
  if (hasJava && !existsSync(jar)) {
    const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get';
    spawnSync('mvn', ['-q', '-B', plugin, `-Dartifact=${artifact}`, '-Dtransitive=false'], { timeout: 120_000 });
  }
  if (hasJava && existsSync(jar)) return describe;
  process.stderr.write('tests of OpenAPI Generator are skipped: they need Java, Maven and its registry\n');
  return describe.skip;
}
