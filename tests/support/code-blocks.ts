import { dirname, join } from 'node:path';

import ts from 'typescript';

const root = join(import.meta.dirname, '../..');

/** A program in a document or a docstring. */
export interface CodeBlock {
  /** The path below the root. */
  readonly file: string;
  /** The line of its fence, counted from 1. */
  readonly line: number;
  readonly text: string;
  /** Present if it uses packages that are not installed: its syntax is checked, its types are not. */
  readonly isSyntaxOnly?: true;
}

/**
 * The blocks of a document that are marked `ts`, or those of the docstrings of a source. A block that is marked `ts before` uses
 * another library. A block that is marked `ts fragment` is no program and is left out.
 */
export function codeBlocks(file: string, text: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { readonly line: number; readonly indent: string; readonly mark: string; lines: string[] } | undefined;
  text.split('\n').forEach((line, index) => {
    const [, indent = '', mark] = /^(\s*(?:\* ?)?)```(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (mark !== undefined) open = { line: index + 1, indent, mark: mark.trim(), lines: [] };
    } else if (mark === undefined) {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : '');
    } else {
      const block = { file, line: open.line, text: open.lines.join('\n') };
      if (open.mark === 'ts') blocks.push(block);
      if (open.mark === 'ts before') blocks.push({ ...block, isSyntaxOnly: true });
      open = undefined;
    }
  });
  return blocks;
}

/**
 * Checks the types of the blocks against the sources, each as a module of its own. Returns a line for each fault, such as
 * `README.md:12: Cannot find name 'tokens'.`
 */
export function faultsOf(blocks: readonly CodeBlock[]): string[] {
  const byPath = new Map(blocks.map((block, index) => [join(root, `code-block-${index}.ts`), block]));
  const options: ts.CompilerOptions = {
    ...projectOptions(),
    moduleDetection: ts.ModuleDetectionKind.Force,
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
  const disk = ts.createCompilerHost(options);
  const fileExists = (path: string): boolean => byPath.has(path) || disk.fileExists(path);
  const getSourceFile: ts.CompilerHost['getSourceFile'] = (path, version) => {
    const block = byPath.get(path);
    if (block !== undefined) return ts.createSourceFile(path, block.text, version);
    const source = parsed.get(path) ?? disk.getSourceFile(path, version);
    parsed.set(path, source);
    return source;
  };
  const program = ts.createProgram([...byPath.keys()], options, { ...disk, fileExists, getSourceFile });

  return [...byPath].flatMap(([path, { file, line, isSyntaxOnly }]) => {
    const source = program.getSourceFile(path);
    const types = isSyntaxOnly ? [] : program.getSemanticDiagnostics(source);
    const found = [...program.getSyntacticDiagnostics(source), ...types];
    return found.map(({ start = 0, messageText }) => {
      const at = source?.getLineAndCharacterOfPosition(start).line ?? 0;
      return `${file}:${line + 1 + at}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}

// Most of the time goes into files that all programs share.
const parsed = new Map<string, ts.SourceFile | undefined>();

/** The values that the entries export, each with the examples in its docstring. */
export function examplesOf(entries: readonly string[]): Map<string, string[]> {
  const paths = entries.map((entry) => join(root, entry));
  const program = ts.createProgram(paths, projectOptions());
  const checker = program.getTypeChecker();
  const values = paths
    .map((path) => checker.getSymbolAtLocation(program.getSourceFile(path) as ts.SourceFile) as ts.Symbol)
    .flatMap((module) => checker.getExportsOfModule(module))
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
    .filter(({ flags }) => (flags & ts.SymbolFlags.Value) !== 0);
  return new Map(values.map((symbol) => [symbol.name, examplesIn(symbol, checker)]));
}

const examplesIn = (symbol: ts.Symbol, checker: ts.TypeChecker): string[] =>
  symbol
    .getJsDocTags(checker)
    .filter(({ name }) => name === 'example')
    .map(({ text }) => ts.displayPartsToString(text))
    .filter((text) => text.startsWith('```ts\n'));

function projectOptions(): ts.CompilerOptions {
  const path = join(root, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file)) as { config: unknown };
  return ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, dirname(path)).options;
}
