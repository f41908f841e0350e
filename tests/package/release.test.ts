import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, test } from '@jest/globals';

import { temporaryFolder } from '../support/temporary-folder.js';
import { obstaclesToRelease, type Release, type ReleaseManifest, repositoryOf } from './release.js';

const root = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as ReleaseManifest;

const manifestOf = (repository: string): ReleaseManifest => ({
  version: '1.2.3',
  homepage: `https://github.com/${repository}#readme`,
  bugs: `https://github.com/${repository}/issues`,
  repository: { url: `git+https://github.com/${repository}.git` },
});

const release: Release = {
  tag: 'v1.2.3',
  manifest: manifestOf('orders/m2m-tokens'),
  changelog: '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n',
  repository: 'orders/m2m-tokens',
};

describe('a release', () => {
  test.each<[string, Partial<Release>, string]>([
    ['a tag of another version', { tag: 'v1.2.4' }, 'the tag is v1.2.4'],
    ['a tag without its v', { tag: '1.2.3' }, 'expected v1.2.3'],
    ['no section in the changelog', { changelog: '## [Unreleased]\n\n### Added\n' }, 'has no section "## [1.2.3] -'],
    ['a placeholder', { manifest: manifestOf('OWNER/m2m-tokens') }, 'is a placeholder: replace OWNER'],
    ['another repository', { repository: 'fork/m2m-tokens' }, 'names orders/m2m-tokens, but this is fork/m2m-tokens'],
    [
      'another form of address',
      { manifest: { ...release.manifest, repository: { url: 'orders' } } },
      'not of the form',
    ],
    [
      'the homepage of another one',
      { manifest: { ...release.manifest, homepage: 'https://a' } },
      'homepage in package',
    ],
    ['the issues of another one', { manifest: { ...release.manifest, bugs: 'https://a' } }, 'bugs in package.json is'],
  ])('is refused with %s', (_, changed, message) => {
    expect(obstaclesToRelease({ ...release, ...changed })).toEqual([expect.stringContaining(message)]);
  });

  test('is possible from its own repository', () => {
    expect(obstaclesToRelease(release)).toEqual([]);
  });

  test.each([
    ['orders', 0, ''],
    ['OWNER', 1, 'replace OWNER'],
  ])('of %s/m2m-tokens ends the check with the exit code %i', async (owner, code, message) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifestOf(`${owner}/m2m-tokens`)));
    await writeFile(join(folder, 'CHANGELOG.md'), release.changelog);

    expect(await checkIn(folder, 'v1.2.3')).toEqual({ code, stderr: expect.stringContaining(message) });
  });
});

describe('package.json', () => {
  test('names one repository', () => {
    const tag = `v${manifest.version}`;
    const changelog = `\n## [${manifest.version}] - `;

    const obstacles = obstaclesToRelease({ tag, manifest, changelog, repository: undefined });

    expect(obstacles.filter((obstacle) => !obstacle.includes('placeholder'))).toEqual([]);
  });

  test('is the only file with the address of the repository', () => {
    const address = `github.com/${repositoryOf(manifest)}`;

    expect(filesWith(address)).toEqual(['package.json']);
  });
});

/** Runs the check as the release workflow does, in a folder with other files. */
async function checkIn(folder: string, tag: string): Promise<{ code: number; stderr: string }> {
  const tsx = pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href;
  const argv = ['--import', tsx, join(root, 'tests/package/check-release.ts'), tag];
  try {
    const { stderr } = await promisify(execFile)(process.execPath, argv, {
      cwd: folder,
      env: { PATH: process.env['PATH'] },
    });
    return { code: 0, stderr };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, stderr };
  }
}

function filesWith(text: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => !['.git', 'node_modules', 'dist', 'coverage'].includes(name))
    .flatMap((entry) =>
      entry.isDirectory()
        ? readdirSync(join(root, entry.name), { recursive: true, withFileTypes: true })
            .filter((file) => file.isFile())
            .map((file) => join(file.parentPath, file.name))
        : [join(root, entry.name)],
    )
    .filter((file) => readFileSync(file, 'utf8').includes(text))
    .map((file) => file.slice(root.length + 1).replaceAll(sep, '/'));
}
