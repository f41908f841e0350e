const names: Readonly<Record<string, string>> = {
  ' ': 'a space',
  '\t': 'a tab',
  '\n': 'a line feed',
  '\r': 'a carriage return',
  '\0': 'a null byte',
  '\u00a0': 'a no-break space',
  '\u200b': 'a zero-width space',
  '\ufeff': 'a byte order mark',
};

// oxlint-disable-next-line no-control-regex -- the pattern matches control characters
export const controlCharacter = /[\0-\x1f\x7f-\x9f]/;

/**
 * Describes the invisible character that a text begins or ends with, or the control character that it contains, for
 * example `ends with a carriage return`. `undefined` if there is none.
 */
export function describeBlank(text: string): string | undefined {
  const first = /^[\s\u200b]/.exec(text)?.[0];
  if (first !== undefined) return `begins with ${nameOf(first)}`;
  const last = /[\s\u200b]$/.exec(text)?.[0];
  if (last !== undefined) return `ends with ${nameOf(last)}`;
  const control = controlCharacter.exec(text)?.[0];
  return control === undefined ? undefined : `contains ${nameOf(control)}`;
}

const nameOf = (character: string): string => names[character] ?? `the character U+${hex(character)}`;

const hex = (character: string): string => character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
