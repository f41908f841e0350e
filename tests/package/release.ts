/** The members of package.json that a release depends on. */
export interface ReleaseManifest {
  readonly version: string;
  readonly homepage: string;
  readonly bugs: string;
  readonly repository: { readonly url: string };
}

/** A tag, and the data of its release. */
export interface Release {
  readonly tag: string | undefined;
  readonly manifest: ReleaseManifest;
  readonly changelog: string;
  /** The repository on GitHub that the release comes from, as `owner/name`. */
  readonly repository: string | undefined;
}

/** The repository that package.json names, as `owner/name`; `undefined` if `repository.url` has another form. */
export function repositoryOf({ repository: { url } }: ReleaseManifest): string | undefined {
  return /^git\+https:\/\/github\.com\/([\w-]+\/[\w.-]+)\.git$/.exec(url)?.[1];
}

/** The problems that prevent a release, one sentence each. */
export function obstaclesToRelease({ tag, manifest, changelog, repository }: Release): string[] {
  const { version, homepage, bugs } = manifest;
  const obstacles: string[] = [];
  if (tag !== `v${version}`) {
    obstacles.push(`the tag is ${tag}, but the version in package.json is ${version}: expected v${version}`);
  }
  if (!changelog.includes(`\n## [${version}] - `)) {
    obstacles.push(`CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD"`);
  }

  const named = repositoryOf(manifest);
  if (named === undefined) {
    obstacles.push('repository.url in package.json is not of the form git+https://github.com/<owner>/<name>.git');
    return obstacles;
  }
  const address = `https://github.com/${named}`;
  if (named.startsWith('OWNER/')) {
    obstacles.push(`repository.url in package.json is a placeholder: replace OWNER in ${address}`);
  } else if (repository !== undefined && repository !== named) {
    // npm refuses provenance of another repository.
    obstacles.push(`repository.url in package.json names ${named}, but this is ${repository}`);
  }
  if (homepage !== `${address}#readme`) obstacles.push(`homepage in package.json is not ${address}#readme`);
  if (bugs !== `${address}/issues`) obstacles.push(`bugs in package.json is not ${address}/issues`);
  return obstacles;
}
