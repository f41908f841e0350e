import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { leaksIn } from '../canary/leaks-in.js';
import { runMarkedScenario } from '../canary/marked-scenario.js';
import { parseScenarios } from '../support/scenario-format.js';

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.json'));
let searched = 0;

describe.each(files)('%s', (file) => {
  const scenarios = parseScenarios(readFileSync(join(import.meta.dirname, file), 'utf8'));

  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (_name, scenario) => {
    const { mismatches, artefacts } = await runMarkedScenario(scenario);

    expect(mismatches).toEqual([]);
    expect(leaksIn(artefacts)).toEqual([]);
    searched += artefacts.length;
  });
});

test('the output of all scenarios was searched for secrets and tokens [F4 R-24 R-25]', () => {
  expect(searched).toBeGreaterThan(3_000);
});
