import type { Verb } from '../command.js';
import { printable, write } from '../io/terminal.js';
import { settingNames, settingTable } from '../settings/definitions.js';

/** `m2m config`: prints the settings in effect. */
export const config: Verb = {
  examples: [['m2m config --profile staging', 'what the other verbs would use with the same flags']],
  takesSettings: true,

  define() {},

  async run({ settings }, { stdout }) {
    const effective = await settings();
    const rows = settingNames.flatMap((name) => {
      const setting = effective[name];
      if (setting === undefined) return [];
      return [[name, settingTable[name].isSecret ? '[redacted]' : printable(setting.value), setting.source] as const];
    });
    const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
    const lines = rows.map(
      ([name, value, source]) => `${name.padEnd(width(0))}  ${value.padEnd(width(1))}  ${source}\n`,
    );
    await write(stdout, lines.join('') || 'nothing is set\n');
    return 0;
  },
};
