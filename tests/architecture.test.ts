import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');

/** The source files: text by path below src. */
type Sources = Readonly<Record<string, string>>;

/** One `import` or `export … from`, or an `import()` in a type or an expression. */
interface Import {
  readonly from: string;
  /** The path below src, or the name of a package. */
  readonly to: string;
  readonly isRelative: boolean;
  /** Erased by the compiler. */
  readonly isType: boolean;
}

/** A rule returns a line for each place that breaks it. */
type Rule = (sources: Sources) => readonly string[];

/** Each part may import itself and the parts of the rows above it. */
const tiers: readonly (readonly string[])[] = [
  ['core'],
  ['authentication', 'identity', 'stores'],
  ['grant', 'layers', 'adapters', 'telemetry'],
  ['service'],
  ['index.ts', 'layers/index.ts', 'telemetry/opentelemetry', 'testing', 'cli'],
];

/** The files that may import a package; for a type only, where that is said. */
const homes: Readonly<Record<string, { readonly path: RegExp; readonly typesOnly?: boolean }>> = {
  'openid-client': { path: /^(grant|authentication)\// },
  jose: { path: /^(authentication\/client-assertion|stores\/encrypted)\.ts$|^cli\// },
  'lru-cache': {
    path: /^(authentication\/mutual-tls|grant\/grants|layers\/(token-cache|fast-path|negative-cache|rate-limit)|service\/(open-services|distinct-clients))\.ts$/,
  },
  axios: { path: /^adapters\/axios\// },
  undici: { path: /^adapters\/undici\//, typesOnly: true },
  '@opentelemetry/api': { path: /^telemetry\/opentelemetry\// },
  leven: { path: /^core\/check-options\.ts$/ },
  dpop: { path: /^core\/dpop-proof\.ts$/ },
  commander: { path: /^cli\// },
  'proxy-from-env': { path: /^cli\// },
  read: { path: /^cli\// },
  'yocto-spinner': { path: /^cli\// },
};

describe('the sources', () => {
  const sources = readSources();

  test.each([
    ['have dependencies that point one way', dependenciesPointOneWay],
    ['import each package in its home', packagesHaveOneHome],
    ['leave process.env to environment.ts and cli/', environmentIsReadInOnePlace],
    ['export by name, one by one', exportsAreNamed],
    ['import nothing in a circle', importsHaveNoCycles],
    ['have kebab-case file names', fileNamesAreKebabCase],
    ['load an optional package with the entry for it only', entriesLoadNoOptionalPackage],
  ] satisfies [string, Rule][])('%s', (_, rule) => {
    expect(Object.keys(sources)).toContain('index.ts');
    expect(rule(sources)).toEqual([]);
  });
});

describe('the rules', () => {
  test.each<[string, Sources, string[]]>([
    ['core that imports another part', { 'core/a.ts': `import '../grant/a.js';` }, ['core/a.ts imports grant/a.ts']],
    [
      'a part that imports one of the same row, even for a type',
      { 'layers/a.ts': `import type { B } from '../grant/b.js';` },
      ['layers/a.ts imports grant/b.ts'],
    ],
    [
      'a source of identity tokens that imports more than core',
      { 'identity/a.ts': `import '../core/clock.js'; import '../authentication/a.js'; import '../grant/a.js';` },
      ['identity/a.ts imports authentication/a.ts', 'identity/a.ts imports grant/a.ts'],
    ],
    [
      'a part that imports a higher one, in a re-export, a type or an expression',
      {
        'layers/a.ts': `export { b } from '../service/token-service.js';`,
        'layers/b/c.ts': `type A = import('../../service/environment.js').A;`,
        'stores/c.ts': `const load = () => import('../layers/cache.js');`,
      },
      [
        'layers/a.ts imports service/token-service.ts',
        'layers/b/c.ts imports service/environment.ts',
        'stores/c.ts imports layers/cache.ts',
      ],
    ],
    [
      'an import of the main entry or of the command',
      {
        'index.ts': `export { a } from './cli/a.js';`,
        'layers/a.ts': `import '../cli/a.js';`,
        'cli/commands/a.ts': `import '../a.js'; import '../../service/a.js'; import '../../grant/a.js'; import '../../index.js';`,
      },
      ['index.ts imports cli/a.ts', 'layers/a.ts imports cli/a.ts', 'cli/commands/a.ts imports index.ts'],
    ],
    [
      'an import of what is outside',
      { 'layers/a.ts': `import '../../tests/a.js';` },
      ['layers/a.ts imports ../tests/a.ts'],
    ],
    [
      'an import of an entry with a row of its own',
      { 'telemetry/a.ts': `import './opentelemetry/index.js'; import '../service/a.js';` },
      ['telemetry/a.ts imports telemetry/opentelemetry/index.ts', 'telemetry/a.ts imports service/a.ts'],
    ],
    [
      'a part that is in no row',
      { 'common/a.ts': `import '../core/clock.js';` },
      ['common/a.ts imports core/clock.ts'],
    ],
  ])('of direction catch %s', (_, sources, violations) => {
    expect(dependenciesPointOneWay(sources)).toEqual(violations);
  });

  test('of direction allow the own part and lower ones', () => {
    const sources = {
      'layers/shared-store/a.ts': `import type { TokenStore } from '../../stores/token-store.js'; import '../backoff.js';`,
      'layers/a.ts': `import './b.js'; import '../core/clock.js'; import type { B } from '../core/token-source.js';`,
      'index.ts': `export { a } from './layers/a.js'; export { b } from './service/environment.js';`,
      'layers/index.ts': `export { a } from './a.js'; export { b } from '../grant/b.js';`,
      'telemetry/opentelemetry/index.ts': `import './b.js'; import '../a.js'; import '../../service/a.js';`,
      'core/token-source.ts': `import 'node:fs'; import './clock.js';`,
    };

    expect(dependenciesPointOneWay(sources)).toEqual([]);
  });

  test('of packages catch a package away from its home, one without a home, and undici for more than its types', () => {
    const sources = {
      'layers/single-flight.ts': `import { LRUCache } from 'lru-cache';`,
      'layers/token-cache.ts': `import { LRUCache } from 'lru-cache';`,
      'core/clock.ts': `import { closestMatch } from 'leven';`,
      'adapters/challenge.ts': `import type { AxiosResponse } from 'axios';`,
      'authentication/secret.ts': `import { sign } from 'jose/jwt'; import { readFile } from 'fs';`,
      'adapters/undici/index.ts': `import { type Agent } from 'undici'; import type { Client } from 'undici';`,
      'telemetry/logging.ts': `import type { Logger } from 'pino';`,
      'telemetry/other.ts': `import type { Client } from 'openid-client/x'; import { performance } from 'node:perf_hooks';`,
      'telemetry/opentelemetry/a.ts': `import { trace } from '@opentelemetry/api'; import '@opentelemetry/core';`,
    };

    expect(packagesHaveOneHome(sources)).toEqual([
      'layers/single-flight.ts imports lru-cache',
      'core/clock.ts imports leven',
      'adapters/challenge.ts imports axios',
      'authentication/secret.ts imports jose/jwt',
      'authentication/secret.ts imports fs',
      'adapters/undici/index.ts imports undici',
      'telemetry/logging.ts imports pino',
      'telemetry/other.ts imports openid-client/x',
      'telemetry/opentelemetry/a.ts imports @opentelemetry/core',
    ]);
  });

  test('of the environment catch every way to read it', () => {
    const sources = {
      'a.ts': `const a = process.env['A'];`,
      'b.ts': `const b = process['env'].B;`,
      'c.ts': `const { env } = process;`,
      'd.ts': `import { env } from 'node:process';`,
      'e.ts': `process.emitWarning('the text process.env is no use of it'); const env = 1;`,
      'service/environment.ts': `const a = process.env;`,
      'cli/main.ts': `const a = process.env;`,
    };

    expect(environmentIsReadInOnePlace(sources)).toEqual(['a.ts', 'b.ts', 'c.ts', 'd.ts']);
  });

  test('of exports catch whatever is exported without its name', () => {
    const sources = {
      'a.ts': `export * from './z.js';`,
      'b.ts': `export * as z from './z.js';`,
      'c.ts': `export default 1;`,
      'd.ts': `export default function d() {}`,
      'e.ts': `const e = 1; export { e as default };`,
      'f.ts': `export { f } from './z.js'; export const g = 1; export type { H } from './z.js';`,
    };

    expect(exportsAreNamed(sources)).toEqual(['a.ts', 'b.ts', 'c.ts', 'd.ts', 'e.ts']);
  });

  test('of cycles catch a circle of imports, of types too', () => {
    const sources = {
      'a.ts': `import './b.js';`,
      'b.ts': `import type { C } from './c.js';`,
      'c.ts': `export { a } from './a.js';`,
      'd.ts': `import './a.js';`,
    };

    expect(importsHaveNoCycles(sources)).toEqual(['a.ts > b.ts > c.ts > a.ts']);
    expect(importsHaveNoCycles({ ...sources, 'c.ts': '' })).toEqual([]);
  });

  test('of names catch what is not kebab-case', () => {
    const sources = { 'Clock.ts': '', 'layers/singleFlight.ts': '', 'my_layers/a.ts': '', 'layers/a-b2.ts': '' };

    expect(fileNamesAreKebabCase(sources)).toEqual(['Clock.ts', 'layers/singleFlight.ts', 'my_layers/a.ts']);
  });

  test('of entries catch a package that is loaded on the way, not one that is imported for its types', () => {
    const sources = {
      'index.ts': `export { a } from './a.js'; export type { B } from './b.js';`,
      'a.ts': `import { type C } from './c.js';`,
      'b.ts': `import 'axios';`,
      'c.ts': `import type { Logger } from 'pino';`,
    };

    expect(entriesLoadNoOptionalPackage(sources)).toEqual([]);
    expect(entriesLoadNoOptionalPackage({ ...sources, 'c.ts': `import 'axios';` })).toEqual(['c.ts imports axios']);
    expect(entriesLoadNoOptionalPackage({ ...sources, 'c.ts': `import 'pino';` })).toEqual(['c.ts imports pino']);
    expect(
      entriesLoadNoOptionalPackage({ 'adapters/fetch/index.ts': `import '../../a.js';`, 'a.ts': `import 'axios';` }),
    ).toEqual(['a.ts imports axios']);
  });
});

function dependenciesPointOneWay(sources: Sources): string[] {
  return allImports(sources)
    .filter(({ isRelative }) => isRelative)
    .filter((found) => !mayImport(found))
    .map(({ from, to }) => `${from} imports ${to}`);
}

function mayImport({ from, to }: Import): boolean {
  const tierOf = (path: string): number => tiers.findIndex((parts) => parts.includes(partOf(path)));
  if (partOf(from) === partOf(to)) return true;
  return tierOf(to) >= 0 && tierOf(to) < tierOf(from);
}

// An entry in a row of its own, the folder directly below src, or the file itself.
function partOf(path: string): string {
  const entry = tiers.flat().find((part) => part.includes('/') && `${path}/`.startsWith(`${part}/`));
  return entry ?? path.split('/')[0] ?? '';
}
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);

function packagesHaveOneHome(sources: Sources): string[] {
  return allImports(sources)
    .filter(({ isRelative, to }) => !isRelative && !to.startsWith('node:'))
    .filter(({ from, to, isType }) => {
      const home = homes[packageOf(to)];
      return home === undefined || !home.path.test(from) || (home.typesOnly === true && !isType);
    })
    .map(({ from, to }) => `${from} imports ${to}`);
}

const packageOf = (specifier: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? '';

function environmentIsReadInOnePlace(sources: Sources): string[] {
  const isProcess = (node: ts.Node | undefined): boolean =>
    node !== undefined && ts.isIdentifier(node) && node.text === 'process';

  const reads = (node: ts.Node): boolean =>
    (ts.isPropertyAccessExpression(node) && isProcess(node.expression) && node.name.text === 'env') ||
    // A computed name, or a process under another name, could be anything.
    (ts.isElementAccessExpression(node) && isProcess(node.expression)) ||
    (ts.isVariableDeclaration(node) && isProcess(node.initializer)) ||
    (ts.isImportDeclaration(node) && /^'(node:)?process'$/.test(node.moduleSpecifier.getText()));

  return Object.entries(sources)
    .filter(([path]) => !path.endsWith('/environment.ts') && !path.startsWith('cli/'))
    .filter(([path, text]) => nodesOf(parse(path, text)).some(reads))
    .map(([path]) => path);
}

function exportsAreNamed(sources: Sources): string[] {
  const isUnnamed = (node: ts.Node): boolean =>
    ts.isExportAssignment(node) ||
    (ts.isExportDeclaration(node) && (node.exportClause === undefined || ts.isNamespaceExport(node.exportClause))) ||
    (ts.isExportSpecifier(node) && node.name.text === 'default') ||
    node.kind === ts.SyntaxKind.DefaultKeyword;

  return Object.entries(sources)
    .filter(([path, text]) => nodesOf(parse(path, text)).some(isUnnamed))
    .map(([path]) => path);
}

/** At least one of the circles, if there are any. */
function importsHaveNoCycles(sources: Sources): string[] {
  const imports = allImports(sources);
  const cycles: string[] = [];
  const done = new Set<string>();

  const follow = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' > '));
    else if (!done.has(path)) {
      for (const { from, to } of imports) if (from === path) follow(to, [...trail, path]);
      done.add(path);
    }
  };
  for (const path of Object.keys(sources)) follow(path, []);
  return cycles;
}

function fileNamesAreKebabCase(sources: Sources): string[] {
  const word = '[a-z][a-z0-9]*(-[a-z0-9]+)*';
  const kebabCase = new RegExp(String.raw`^(${word}/)*${word}\.ts$`);
  return Object.keys(sources).filter((path) => !kebabCase.test(path));
}

function entriesLoadNoOptionalPackage(sources: Sources): string[] {
  const loads = allImports(sources).filter(({ isType }) => !isType);
  const loaded = new Set([
    'index.ts',
    'adapters/fetch/index.ts',
    'adapters/undici/index.ts',
    'identity/index.ts',
    'testing/index.ts',
  ]);
  // A set that grows while it is iterated is iterated to its end.
  for (const path of loaded) for (const { from, to } of loads) if (from === path) loaded.add(to);
  return loads
    .filter(({ from, to }) => loaded.has(from) && /^(axios|pino|redis|undici|@opentelemetry\/api)(\/|$)/.test(to))
    .map(({ from, to }) => `${from} imports ${to}`);
}

function readSources(): Sources {
  const src = join(root, 'src');
  const paths = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.replaceAll(sep, '/'));
  return Object.fromEntries(paths.toSorted().map((path) => [path, readFileSync(join(src, path), 'utf8')]));
}

function allImports(sources: Sources): Import[] {
  return Object.entries(sources).flatMap(([path, text]) =>
    nodesOf(parse(path, text)).flatMap((node) => importOf(path, node)),
  );
}

function importOf(from: string, node: ts.Node): Import[] {
  const found = specifierOf(node);
  if (found === undefined) return [];
  const isRelative = found.specifier.startsWith('.');
  const to = isRelative ? posix.join(folderOf(from), found.specifier.replace(/\.js$/, '.ts')) : found.specifier;
  return [{ from, to, isRelative, isType: found.isType }];
}

function specifierOf(node: ts.Node): { specifier: string; isType: boolean } | undefined {
  const text = (specifier: ts.Node | undefined): string =>
    specifier !== undefined && ts.isStringLiteralLike(specifier) ? specifier.text : 'a computed path';

  if (ts.isImportDeclaration(node)) {
    // The compiler keeps `import { type A } from 'a'`: it loads the file (verbatimModuleSyntax).
    const isType = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return { specifier: text(node.moduleSpecifier), isType };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return { specifier: text(node.moduleSpecifier), isType: node.isTypeOnly };
  }
  if (ts.isImportTypeNode(node)) {
    return { specifier: text(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined), isType: true };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return { specifier: text(node.arguments[0]), isType: false };
  }
  return undefined;
}

// Each rule reads all sources.
const parsed = new Map<string, ts.SourceFile>();

function parse(path: string, text: string): ts.SourceFile {
  const file = parsed.get(text) ?? ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  parsed.set(text, file);
  return file;
}

function nodesOf(file: ts.SourceFile): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return nodes;
}
