import { expect, test } from '@jest/globals';

import { exclusiveWith, settingDefinitions, settingNames } from '../../../src/cli/settings/definitions.js';

test('no secret has a flag: others can read the arguments of a process [R-24]', () => {
  const secrets = settingNames.filter((name) => settingDefinitions[name].isSecret);

  expect(secrets).toEqual(['clientSecret']);
  expect(secrets.filter((name) => settingDefinitions[name].flag !== undefined)).toEqual([]);
});

test('each flag is called like its setting, and each variable belongs to one', () => {
  for (const name of settingNames) {
    const [flag = `--${kebab(name)}`] = settingDefinitions[name].flag?.split(' ') ?? [];
    expect(flag).toBe(`--${kebab(name)}`);
  }
  expect(new Set(settingNames.map((name) => settingDefinitions[name].variable)).size).toBe(settingNames.length);
});

test('settings of the server exclude each other, and so do credentials', () => {
  expect(exclusiveWith('tokenEndpoint')).toEqual(['issuer', 'protectedResource', 'issuers']);
  expect(exclusiveWith('issuers')).toEqual(['issuer', 'tokenEndpoint']);
  expect(exclusiveWith('keyFile')).toEqual(['clientSecret', 'clientSecretFile', 'assertionFile', 'identity']);
  expect(exclusiveWith('keyFile', 'identity')).not.toContain('identity');
  expect(exclusiveWith('identity', 'identity')).toEqual([]);
  expect(exclusiveWith('certificateFile')).toEqual([]);
});

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
