import { counted } from '../print/fact.js';
import { shownCode } from '../print/shown-code.js';
import type { SceneContext } from './scene.js';

/** The log of all scenes, in which no token and no secret is found. */
export async function log({ server, log: lines, recorder, timeline }: SceneContext): Promise<void> {
  const code = await shownCode(new URL('../settings.ts', import.meta.url));
  timeline.scene('The log of all this holds no token and no secret', code);

  const notable = lines.filter((line) => !line.startsWith('{"level":20'));
  timeline.note(`pino has ${lines.length} lines; these are not of level "debug":`);
  for (const line of notable) timeline.quote(shortened(line));
  timeline.note('the first of them in full:');
  timeline.quote(notable[0] ?? '');

  const clients = [server.service, server.shortLived, server.api];
  const secrets = clients.flatMap(({ id, secret }) => [secret, btoa(`${id}:${secret}`)]);
  const found = (text: string) => [...server.tokens, ...secrets].filter((value) => text.includes(value)).length;
  timeline.verdict(
    {
      text: `${server.tokens.length} tokens and ${clients.length} secrets looked for`,
      holds: server.tokens.length > 0,
    },
    counted('found in the log:', found(lines.join('\n')), 0),
    counted('in the events:', found(recorder.text()), 0),
  );
}

function shortened(line: string): string {
  const { level, msg } = JSON.parse(line) as { readonly level: number; readonly msg: string };
  const text = `${{ 30: 'INFO', 40: 'WARN', 50: 'ERROR' }[level]} ${msg}`;
  return text.length > 140 ? `${text.slice(0, 139)}…` : text;
}
