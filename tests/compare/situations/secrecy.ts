import { inspect } from 'node:util';

import type { Call } from '../call.js';
import type { Situation, Trial } from '../situation.js';
import { firstToken } from './steps.js';

/** Tokens and secrets stay where they belong. */
export const secrecy: readonly Situation[] = [
  {
    id: 'redirect',
    rule: 'E11 R-42',
    right: 'a redirect of the API to another origin does not take the token there',
    sends: true,
    async run(trial) {
      await firstToken(trial);
      const places: string[] = [];
      for (const [place, origin] of Object.entries(trial.other.origins)) {
        const before = trial.other.requests.length;
        trial.api.respond = () => ({ status: 302, headers: { location: `${origin}/landing` } });
        await trial.call();
        const followed = trial.other.requests.slice(before);
        if (followed.some(({ headers }) => headers.authorization !== undefined)) places.push(place);
      }
      const measured = places.length > 0 ? `the token goes to ${places.join(' and ')}` : 'the token stays';
      return { passed: places.length === 0, measured };
    },
  },
  {
    id: 'errors',
    rule: 'F4',
    right: 'no error holds the secret or the token, in util.inspect at any depth or as JSON',
    async run(trial) {
      const { authorizationServer, api } = trial;
      authorizationServer.answer = () => ({ status: 401, body: { error: 'invalid_client' } });
      const refused = await trial.call();
      authorizationServer.answer = () => authorizationServer.grant();
      trial.clock.move(60_000);
      const token = await firstToken(trial);
      api.respond = () => ({ status: 404, body: { error: 'not found' } });
      const missing = await trial.call();

      const found = [...whereIn(refused, secretsOf(trial), 'the secret'), ...whereIn(missing, [token], 'the token')];
      return { passed: found.length === 0, measured: found.join('; ') || 'none' };
    },
  },
];

// As such, and in the header of HTTP Basic.
function secretsOf({ clientId, secret }: Trial): string[] {
  return [secret.current, Buffer.from(`${clientId}:${secret.current}`).toString('base64')];
}

// In order of severity: what a console prints, what a logger writes, what a debugging dump shows.
function whereIn({ error }: Call, secrets: readonly string[], what: string): string[] {
  const texts = { console: inspect(error), JSON: json(error), 'a full dump': inspect(error, { depth: Infinity }) };
  const places = Object.entries(texts).filter(([, text]) => secrets.some((secret) => text.includes(secret)));
  return places.length > 0 ? [`${what} is in ${places.map(([place]) => place).join(', ')}`] : [];
}

function json(error: unknown): string {
  try {
    return JSON.stringify(error) ?? '';
  } catch {
    // Circular: no logger writes it as JSON.
    return '';
  }
}
