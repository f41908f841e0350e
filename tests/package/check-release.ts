/**
 * Checks that a tag can be released, and prints what prevents it: `tsx tests/package/check-release.ts v1.2.3`. The release
 * workflow runs it first, because npm notices some of it only after all other checks.
 */
import { readFileSync } from 'node:fs';

import { obstaclesToRelease, type ReleaseManifest } from './release.js';

const obstacles = obstaclesToRelease({
  tag: process.argv[2],
  manifest: JSON.parse(readFileSync('package.json', 'utf8')) as ReleaseManifest,
  changelog: readFileSync('CHANGELOG.md', 'utf8'),
  repository: process.env['GITHUB_REPOSITORY'],
});
for (const obstacle of obstacles) console.error(obstacle);
if (obstacles.length > 0) process.exitCode = 1;
