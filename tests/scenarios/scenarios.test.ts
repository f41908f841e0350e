import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { parseScenarios } from '../support/scenario-format.js';
import { runScenario } from '../support/scenario-run.js';

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.json'));

describe.each(files)('%s', (file) => {
  const scenarios = parseScenarios(readFileSync(join(import.meta.dirname, file), 'utf8'));

  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (_name, scenario) => {
    expect(await runScenario(scenario)).toEqual([]);
  });
});
