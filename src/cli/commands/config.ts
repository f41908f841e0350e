import type { Command } from '../command.js';
import { printable, write } from '../io/terminal.js';
import { settingNames } from '../settings/definitions.js';
import { shownSetting } from '../settings/shown-setting.js';

/** `m2m config`: prints the settings in effect. */
export const config: Command = {
  examples: [['m2m config --profile staging', 'prints the settings that other commands use with the same flags']],
  takesSettings: true,

  define() {},

  async run({ settings }, { stdout }) {
    const effective = await settings();
    const rows = settingNames.flatMap((name) => {
      const setting = effective[name];
      if (setting === undefined) return [];
      return [[name, shownSetting(name, setting.value), printable(setting.source)] as const];
    });
    const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
    const lines = rows.map(
      ([name, value, source]) => `${name.padEnd(width(0))}  ${value.padEnd(width(1))}  ${source}\n`,
    );
    await write(stdout, lines.join('') || 'no settings\n');
    return 0;
  },
};
