import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import type { About, SubjectModule } from './subject.js';

/** A subject beside its installed packages. */
export interface InstalledSubject {
  readonly about: About;
  /** The version of its package. */
  readonly version?: string;
  /** The URL of its module. */
  readonly url: string;
}

const root = join(import.meta.dirname, '..', '..');
const source = join(import.meta.dirname, 'peers');

/** The subjects in the order of the table. */
export const subjectNames = [
  'm2m-fetch',
  'm2m-axios',
  'by-hand',
  'openid-client',
  'msal-node',
  'google-auth-library',
  'badgateway',
  'simple-oauth2',
  'axios-auth-refresh',
  'azure-policy',
  'anthropic-sdk',
  'openai-sdk',
] as const;

/** Installs the peers and the packed m2m-tokens into a folder, unless they are there, and copies the subjects to it. */
export async function preparePeers(folder: string): Promise<readonly InstalledSubject[]> {
  mkdirSync(folder, { recursive: true });
  if (!readdirSync(folder).includes('node_modules')) {
    npm(['pack', '--silent', '--pack-destination', folder], root);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
    cpSync(source, folder, { recursive: true });
    npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', `./${tarball}`], folder);
  }
  cpSync(source, folder, { recursive: true, filter: (path) => !path.endsWith('package.json') });

  return Promise.all(subjectNames.map((name) => subjectIn(folder, name)));
}

/** Bundles a program of this folder, so that its processes start quickly, and returns its path. */
export async function bundle(program: string, folder: string): Promise<string> {
  const outfile = join(folder, program.replace(/\.ts$/, '.mjs'));
  await build({
    entryPoints: [join(import.meta.dirname, program)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  return outfile;
}

async function subjectIn(folder: string, name: string): Promise<InstalledSubject> {
  const url = pathToFileURL(join(folder, `${name}.js`)).href;
  const { about } = (await import(url)) as SubjectModule;
  return { about, url, ...(about.package !== undefined && { version: versionIn(folder, about.package) }) };
}

function versionIn(folder: string, name: string): string {
  const manifest = readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

function npm(args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ${args[0]} failed:\n${stdout}${stderr}`);
}
