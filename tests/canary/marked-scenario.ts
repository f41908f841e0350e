import type { Logger } from 'pino';

import type { Scenario } from '../support/scenario-format.js';
import { runScenario } from '../support/scenario-run.js';
import { type Artefact, artefactsOf } from './artefacts.js';
import { canaryLog } from './canary-log.js';
import { secretMark, tokenMark } from './marks.js';

/** Runs a scenario with a mark in each secret and each token. Returns the unmet expectations and all output. */
export async function runMarkedScenario(
  scenario: Scenario,
): Promise<{ readonly mismatches: readonly string[]; readonly artefacts: readonly Artefact[] }> {
  const { logger, lines } = canaryLog();
  // Keeps one value of each kind, because a scenario may have a hundred calls.
  const emitted = new Map<string, unknown>();
  const mismatches = await runScenario(marked(scenario, logger), (value) => emitted.set(sortOf(value), value));

  const artefacts = [
    ...[...emitted.values()].flatMap((value) => artefactsOf(scenario.name, value)),
    ...lines.map((text) => ({ origin: scenario.name, channel: 'log line', text })),
  ];
  return { mismatches, artefacts };
}

function marked(scenario: Scenario, logger: Logger): Scenario {
  // Tokens are in members that expect or replace them, secrets in members of that name.
  const { given, ...rest } = JSON.parse(JSON.stringify(scenario), (name, value: unknown) => {
    if (typeof value !== 'string' || name === 'name' || name === 'note') return value;
    if (/^(secret|changeSecret)$/.test(name)) return `${secretMark}-${value}`;
    return value.replace(/\btoken-(?=\d)/g, `${tokenMark}-`);
  }) as Scenario;
  const secret = `${secretMark}-of-the-client`;
  return { ...rest, given: { secret, ...given, tokenName: tokenMark, options: { ...given.options, logger } } };
}

function sortOf(emitted: unknown): string {
  const { constructor, type, error, code, message } = emitted as Readonly<Record<string, unknown>>;
  return [(constructor as () => void).name, type, (error as Error | undefined)?.message, code, message].join();
}
