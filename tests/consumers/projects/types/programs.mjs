const [lowest, latest5, latest6, highest] = ['typescript-5.4', 'typescript-5.9', 'typescript-6.0', 'typescript-7.0'];

export const compilers = [lowest, latest5, latest6, highest];

const folders = [
  { folder: 'with-peers', by: compilers },
  { folder: 'with-peers/redis', by: [highest] },
  { folder: 'without-peers', by: [lowest, highest] },
  // TypeScript 5.4 cannot read these types of Node.js.
  { folder: 'newest-node', by: [latest5, highest] },
];

const modules = { node10: 'commonjs', node16: 'node16', nodenext: 'nodenext', bundler: 'preserve' };

/** The programs that a version of TypeScript compiles: a folder with two files, and compiler options. */
export function programsOf(compiler) {
  const resolutions = Object.keys(modules)
    // Deprecated in TypeScript 6, removed from TypeScript 7.
    .filter((resolution) => resolution !== 'node10' || compiler === latest5);
  return folders
    .filter(({ by }) => by.includes(compiler))
    .flatMap(({ folder }) => resolutions.map((resolution) => ({ folder, options: optionsWith(resolution) })));
}

const optionsWith = (moduleResolution) => ({
  module: modules[moduleResolution],
  moduleResolution,
  target: 'es2022',
  lib: ['es2022'],
  types: ['node'],
  strict: true,
  skipLibCheck: false,
  esModuleInterop: true,
  noEmit: true,
});
