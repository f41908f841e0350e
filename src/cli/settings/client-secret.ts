import { type Secret, secretFile } from '../../grant/secret.js';
import type { CommandContext } from '../command-context.js';
import { CommandError } from '../command-error.js';
import { canPrompt, hiddenPrompt } from '../hidden-prompt.js';
import { readStdin, withoutNewline } from '../read-stdin.js';
import { missingSetting, type Settings } from './settings.js';

/**
 * The secret of the client: from the environment, a file, stdin, or by a prompt that does not show it.
 * @throws {CommandError} when there is none and nobody to ask
 */
export async function clientSecret(settings: Settings, context: CommandContext): Promise<Secret> {
  const { clientSecret: given, clientSecretFile: file, clientId } = settings;
  if (given !== undefined) return given.value;
  if (file !== undefined && file.value !== '-') return secretFile(file.value);
  if (file === undefined && !canPrompt(context)) throw missingSetting('clientSecret');

  const secret =
    file === undefined
      ? await hiddenPrompt(`Secret of client ${JSON.stringify(clientId?.value)} (not shown)`, context)
      : withoutNewline(await readStdin(context));
  if (secret === '') throw new CommandError('the client secret is empty', { advice: 'type it, or pipe it into stdin' });
  return secret;
}
