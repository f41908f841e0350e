// Compiles all programs of one version of TypeScript: `node compile.mjs typescript-5.9`.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

import { programsOf } from './programs.mjs';

const compiler = process.argv[2];
const files = ['import.mts', 'require.cts'];
const { default: ts = {} } = await import(compiler);
// From TypeScript 7 on, the compiler is a program of its own.
const compile = ts.createProgram === undefined ? byCommand : inThisProcess();

for (const { folder, options } of programsOf(compiler)) {
  const faults = compile(folder, options);
  console.log(`${faults === '' ? 'passed' : 'FAILED'} ${compiler} ${options.moduleResolution} ${folder}\n${faults}`);
  if (faults !== '') process.exitCode = 1;
}

function byCommand(folder, options) {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const tsc = resolve(`node_modules/${compiler}/bin/tsc`);
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...words, ...files], { cwd: folder, encoding: 'utf8' });
  return status === 0 ? '' : stdout;
}

/**
 * As `tsc`, in a third of its time: the programs share the files that were parsed, and only the first one with a declaration of
 * TypeScript or Node.js checks it.
 */
function inThisProcess() {
  const parsed = new Map();
  const checked = new Set();

  return (folder, compilerOptions) => {
    const config = [{ compilerOptions, files }, ts.sys, resolve(folder), undefined, resolve(folder, 'tsconfig.json')];
    const { options, fileNames } = ts.parseJsonConfigFileContent(...config);
    const host = ts.createCompilerHost(options);
    const getSourceFile = (path, format) => {
      const key = `${path} ${format.impliedNodeFormat}`;
      if (!parsed.has(key)) parsed.set(key, host.getSourceFile(path, format));
      return parsed.get(key);
    };
    const program = ts.createProgram(fileNames, options, { ...host, getSourceFile });

    const unchecked = program.getSourceFiles().filter(({ fileName }) => !checked.has(fileName));
    const faults = [
      ...program.getOptionsDiagnostics(),
      ...program.getGlobalDiagnostics(),
      ...unchecked.flatMap((file) => [
        ...program.getSyntacticDiagnostics(file),
        ...program.getSemanticDiagnostics(file),
      ]),
    ];
    for (const { fileName } of unchecked) {
      if (/\/node_modules\/(typescript-|@types\/node\/)/.test(fileName)) checked.add(fileName);
    }
    return ts.formatDiagnostics(faults, host);
  };
}
