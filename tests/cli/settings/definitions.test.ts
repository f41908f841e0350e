import { expect, test } from '@jest/globals';

import { rivalsOf, settingNames, settingTable } from '../../../src/cli/settings/definitions.js';

test('no secret has a flag: others can read the arguments of a process [R-24]', () => {
  const secrets = settingNames.filter((name) => settingTable[name].isSecret);

  expect(secrets).toEqual(['clientSecret']);
  expect(secrets.filter((name) => settingTable[name].flag !== undefined)).toEqual([]);
});

test('each flag is called like its setting, and each variable belongs to one', () => {
  for (const name of settingNames) {
    const [flag = `--${kebab(name)}`] = settingTable[name].flag?.split(' ') ?? [];
    expect(flag).toBe(`--${kebab(name)}`);
  }
  expect(new Set(settingNames.map((name) => settingTable[name].variable)).size).toBe(settingNames.length);
});

test('what names the server has rivals, and what the client proves with who it is', () => {
  expect(rivalsOf('tokenEndpoint')).toEqual(['issuer']);
  expect(rivalsOf('keyFile')).toEqual(['clientSecret', 'clientSecretFile', 'assertionFile']);
  expect(rivalsOf('certificateFile')).toEqual([]);
});

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
