import { readFile } from 'node:fs/promises';

/** The lines between `// #region` and `// #endregion` of a source file, without their indent: the code that runs. */
export async function shownCode(url: string | URL): Promise<string[]> {
  const text = await readFile(new URL(url), 'utf8');
  const region = /^( *)\/\/ #region\n(.+?)\n *\/\/ #endregion$/ms.exec(text.replaceAll('\r\n', '\n'));
  if (region === null) throw new Error(`${String(url)} has no region`);
  const [, indent = '', code = ''] = region;
  return code.split('\n').map((line) => line.slice(indent.length));
}
