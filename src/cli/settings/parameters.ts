import { CommandError } from '../io/command-error.js';

/**
 * Form-encodes repeated flags `name=value`.
 * @throws {CommandError} if one is malformed; the message does not contain it, because its value may be a secret
 */
export function formOfFlags(flags: readonly string[]): string {
  const pairs = flags.map((flag): [string, string] => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(flag) ?? [];
    if (name !== undefined && value !== undefined) return [name, value];
    throw new CommandError('a --parameter is malformed', { advice: 'write --parameter name=value' });
  });
  return new URLSearchParams(pairs).toString();
}

/** Form-encodes an object. */
export const formOfObject = (parameters: Readonly<Record<string, string>>): string =>
  new URLSearchParams(parameters).toString();

/**
 * The parameters of a form-encoded text (RFC 6749 §3.2). `source` names the text in messages.
 * @throws {CommandError} if a name is empty or occurs twice
 */
export function parametersOf(form: string, source: string): Readonly<Record<string, string>> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(form)) {
    const flaw = name === '' ? 'has a parameter without a name' : 'sets a parameter twice';
    if (name === '' || parameters.has(name)) {
      throw new CommandError(`${source} ${flaw}`, { advice: 'write name=value, each name once' });
    }
    parameters.set(name, value);
  }
  return Object.fromEntries(parameters);
}
