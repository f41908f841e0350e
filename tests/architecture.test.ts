import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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

const mayCrossFolders = new Set(['index.ts', 'token-service.ts', 'token-service-options.ts', 'environment.ts']);
const mayBeReadByEnvironment = new Set(['grant/secret.ts', 'token-service.ts', 'token-service-options.ts']);

/** The files that may import a package; for a type only, where that is said. */
const homes: Readonly<Record<string, { readonly path: RegExp; readonly typesOnly?: boolean }>> = {
  'openid-client': { path: /^grant\// },
  jose: { path: /^(grant\/client-assertion|stores\/encrypted)\.ts$|^cli\// },
  'lru-cache': { path: /^layers\/cache\.ts$/ },
  pino: { path: /^telemetry\/logging\.ts$/, typesOnly: true },
  axios: { path: /^adapters\/axios(-exchange|-origins|-timeout)?\.ts$/ },
  undici: { path: /^adapters\/undici(-exchange)?\.ts$/, typesOnly: true },
  leven: { path: /^options\.ts$/ },
  dpop: { path: /^adapters\/dpop\.ts$/ },
  commander: { path: /^cli\// },
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

  test('have a test file of the same name each', () => {
    expect(untested(sources, (path) => existsSync(join(root, 'tests', path)))).toEqual([]);
  });
});

describe('the rules', () => {
  test.each<[string, Sources, string[]]>([
    ['core that imports a folder', { 'clock.ts': `import './grant/a.js';` }, ['clock.ts imports grant/a.ts']],
    ['core that imports the service', { 'a.ts': `import './index.js';` }, ['a.ts imports index.ts']],
    [
      'a folder that imports another one, even for a type',
      { 'layers/a.ts': `import type { B } from '../grant/b.js';` },
      ['layers/a.ts imports grant/b.ts'],
    ],
    [
      'a folder that imports the service, in a re-export, a type or an expression',
      {
        'layers/a.ts': `export { b } from '../token-service.js';`,
        'layers/b.ts': `type A = import('../environment.js').A;`,
        'layers/c.ts': `const load = () => import('../index.js');`,
      },
      ['layers/a.ts imports token-service.ts', 'layers/b.ts imports environment.ts', 'layers/c.ts imports index.ts'],
    ],
    [
      'environment.ts that imports more than it needs',
      { 'environment.ts': `import './layers/a.js'; import './grant/secret.js'; import './token-service.js';` },
      ['environment.ts imports layers/a.ts'],
    ],
    [
      'a service that imports what stands above it',
      { 'token-service.ts': `import './index.js'; import './layers/a.js'; import './clock.js';` },
      ['token-service.ts imports index.ts'],
    ],
    [
      'whatever imports the command, and the command that imports all',
      {
        'index.ts': `export { a } from './cli/a.js';`,
        'layers/a.ts': `import '../cli/a.js';`,
        'cli/verbs/a.ts': `import '../a.js'; import '../../token-service.js'; import '../../grant/a.js'; import '../../index.js';`,
      },
      ['index.ts imports cli/a.ts', 'layers/a.ts imports cli/a.ts', 'cli/verbs/a.ts imports index.ts'],
    ],
    [
      'a layer that imports more of the stores than the type of one',
      { 'layers/a.ts': `import { a } from '../stores/token-store.js'; import type { B } from '../stores/memory.js';` },
      ['layers/a.ts imports stores/token-store.ts', 'layers/a.ts imports stores/memory.ts'],
    ],
    [
      'an import of what is outside',
      { 'layers/a.ts': `import '../../tests/a.js';` },
      ['layers/a.ts imports ../tests/a.ts'],
    ],
  ])('of direction catch %s', (_, sources, violations) => {
    expect(dependenciesPointOneWay(sources)).toEqual(violations);
  });

  test('of direction allow core, the own folder and the files that put the parts together', () => {
    const sources = {
      'layers/shared-store.ts': `import type { TokenStore } from '../stores/token-store.js';`,
      'layers/a.ts': `import './b.js'; import '../clock.js'; import type { B } from '../token-source.js';`,
      'index.ts': `export { a } from './layers/a.js'; export { b } from './environment.js';`,
      'token-source.ts': `import 'node:fs'; import './clock.js';`,
    };

    expect(dependenciesPointOneWay(sources)).toEqual([]);
  });

  test('of packages catch a package away from its home, one without a home, and pino for more than its types', () => {
    const sources = {
      'layers/single-flight.ts': `import { LRUCache } from 'lru-cache';`,
      'layers/cache.ts': `import { LRUCache } from 'lru-cache';`,
      'clock.ts': `import { closestMatch } from 'leven';`,
      'adapters/challenge.ts': `import type { AxiosResponse } from 'axios';`,
      'grant/secret.ts': `import { sign } from 'jose/jwt'; import { readFile } from 'fs';`,
      'telemetry/logging.ts': `import { type Logger } from 'pino'; import type { Bindings } from 'pino';`,
      'telemetry/other.ts': `import type { Client } from 'openid-client/x'; import { performance } from 'node:perf_hooks';`,
    };

    expect(packagesHaveOneHome(sources)).toEqual([
      'layers/single-flight.ts imports lru-cache',
      'clock.ts imports leven',
      'adapters/challenge.ts imports axios',
      'grant/secret.ts imports jose/jwt',
      'grant/secret.ts imports fs',
      'telemetry/logging.ts imports pino',
      'telemetry/other.ts imports openid-client/x',
    ]);
  });

  test('of the environment catch every way to read it', () => {
    const sources = {
      'a.ts': `const a = process.env['A'];`,
      'b.ts': `const b = process['env'].B;`,
      'c.ts': `const { env } = process;`,
      'd.ts': `import { env } from 'node:process';`,
      'e.ts': `process.emitWarning('the text process.env is no use of it'); const env = 1;`,
      'environment.ts': `const a = process.env;`,
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
      entriesLoadNoOptionalPackage({ 'adapters/fetch.ts': `import '../a.js';`, 'a.ts': `import 'axios';` }),
    ).toEqual(['a.ts imports axios']);
  });

  test('of test files miss none for code, and ask for none for types', () => {
    const sources = {
      'index.ts': `export const a = 1;`,
      'clock.ts': `export const a = 1;`,
      'layers/cache.ts': `export function a() {}`,
      'stores/token-store.ts': `import type { A } from './a.js'; export interface B {} export type C = A; declare const d: 1;`,
    };

    expect(untested(sources, (path) => path === 'clock.test.ts')).toEqual([
      'layers/cache.ts has no tests/layers/cache.test.ts',
    ]);
  });
});

function dependenciesPointOneWay(sources: Sources): string[] {
  return allImports(sources)
    .filter(({ isRelative }) => isRelative)
    .filter((found) => !mayImport(found))
    .map(({ from, to }) => `${from} imports ${to}`);
}

function mayImport({ from, to, isType }: Import): boolean {
  if (to.startsWith('..')) return false;
  // The command stands above all, and nothing knows it.
  if (isOfCommand(from) || isOfCommand(to)) return isOfCommand(from) && to !== 'index.ts';
  if (isCore(to)) return true;
  if (from === 'index.ts') return true;
  if (from === 'token-service-options.ts') return !mayCrossFolders.has(to);
  if (from === 'token-service.ts') return !mayCrossFolders.has(to) || to === 'token-service-options.ts';
  if (from === 'environment.ts') return mayBeReadByEnvironment.has(to);
  if (isType && from.startsWith('layers/') && to === 'stores/token-store.ts') return true;
  return !isCore(from) && folderOf(from) === folderOf(to);
}

const isOfCommand = (path: string): boolean => path.startsWith('cli/');
const isCore = (path: string): boolean => !path.includes('/') && !mayCrossFolders.has(path);
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);

function packagesHaveOneHome(sources: Sources): string[] {
  return allImports(sources)
    .filter(({ isRelative, to }) => !isRelative && !to.startsWith('node:'))
    .filter(({ from, to, isType }) => {
      const home = homes[to.split('/')[0] ?? ''];
      return home === undefined || !home.path.test(from) || (home.typesOnly === true && !isType);
    })
    .map(({ from, to }) => `${from} imports ${to}`);
}

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
    .filter(([path]) => path !== 'environment.ts' && !path.startsWith('cli/'))
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
  const loaded = new Set(['index.ts', 'adapters/fetch.ts', 'adapters/undici.ts']);
  // A set that grows while it is iterated is iterated to its end.
  for (const path of loaded) for (const { from, to } of loads) if (from === path) loaded.add(to);
  return loads
    .filter(({ from, to }) => loaded.has(from) && /^(axios|pino|redis|undici)(\/|$)/.test(to))
    .map(({ from, to }) => `${from} imports ${to}`);
}

function untested(sources: Sources, exists: (path: string) => boolean): string[] {
  return Object.entries(sources)
    .filter(([path, text]) => path !== 'index.ts' && parse(path, text).statements.some(isCode))
    .map(([path]) => [path, path.replace(/\.ts$/, '.test.ts')] as const)
    .filter(([, testPath]) => !exists(testPath))
    .map(([path, testPath]) => `${path} has no tests/${testPath}`);
}

function isCode(statement: ts.Statement): boolean {
  const isDeclared = ts.canHaveModifiers(statement) && hasModifier(statement, ts.SyntaxKind.DeclareKeyword);
  return !(
    ts.isImportDeclaration(statement) ||
    ts.isExportDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    isDeclared
  );
}

function hasModifier(node: ts.HasModifiers, kind: ts.SyntaxKind): boolean {
  return ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false;
}

function readSources(): Sources {
  const src = join(root, 'src');
  const paths = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
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
  const to = isRelative ? join(folderOf(from), found.specifier.replace(/\.js$/, '.ts')) : found.specifier;
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
