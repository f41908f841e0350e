import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { rollup } from 'rollup';

export async function build(folder) {
  for (const [input, format] of [
    ['import.test.mjs', 'es'],
    ['require.test.cjs', 'cjs'],
  ]) {
    const plugins = [nodeResolve({ exportConditions: ['node'] }), commonjs(), json()];
    const bundle = await rollup({ input, plugins, onLog: (_, { code, message }) => console.log(code, message) });
    await bundle.write({ file: `${folder}/${input}`, format, inlineDynamicImports: true });
  }
}
