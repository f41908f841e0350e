import { describe, expect, test } from '@jest/globals';

import { artefactsOf } from './artefacts.js';
import { clients } from './clients.js';
import { type Fault, faults } from './faults.js';
import { leaksIn } from './leaks-in.js';
import { tokenMark } from './marks.js';
import { provoke } from './provoke.js';

// Faults after which the client or the caller may send no request.
const mayBeUnsent = new Set(['a header that cannot be sent', 'a method that does not exist', 'a timeout']);

// Faults after which the last request of a client has another token than the first.
const areResent = new Set(['a rejected token', 'a rejected token of a POST']);

describe.each(Object.entries(clients))(
  '%s writes down no secret and no token [F4 E11 R-24 R-25 R-42]',
  (_name, makeClient) => {
    test.each(Object.entries(faults))('after %s', async (what, fault) => {
      const { artefacts, authorizations, elsewhere } = await provoke(makeClient, fault);

      expect(leaksIn(artefacts)).toEqual([]);
      expect(elsewhere.filter((authorization) => authorization !== undefined)).toEqual([]);
      expect(artefacts.length).toBeGreaterThan(30);
      expect(authorizations.length > 0 || mayBeUnsent.has(what)).toBe(true);
      expect(authorizations.filter((value) => !value?.startsWith(`Bearer ${tokenMark}`))).toEqual([]);
      expect(new Set(authorizations).size === 2 || !areResent.has(what)).toBe(true);
    });
  },
);

// Faults that change where a proof may be written.
const faultsOfBound = [
  'a success',
  'a form',
  'a rejected token of a POST',
  'a second 401',
  'a 500',
  'a 302 within the origin',
  'a redirect to another origin',
  'a connection that is reset',
  'a caller who gives up while the body comes',
];

describe.each(Object.entries(clients))('%s writes down no proof of possession [F4 R-25 R-42]', (_name, makeClient) => {
  test.each(faultsOfBound)('after %s', async (what) => {
    const fault = faults[what] as Fault;

    const { artefacts, authorizations, elsewhere, proofs } = await provoke(makeClient, fault, { isBound: true });

    expect(leaksIn(artefacts, proofs)).toEqual([]);
    expect(elsewhere.filter((value) => value !== undefined)).toEqual([]);
    expect(proofs.length).toBeGreaterThan(1);
    expect(authorizations.filter((value) => !value?.startsWith(`DPoP ${tokenMark}`))).toEqual([]);
  });
});

test('the canary sees a proof', async () => {
  const { proofs } = await provoke(clients['fetch'] as (typeof clients)[string], {}, { isBound: true });
  const artefacts = artefactsOf('planted', { headers: { dpop: `ey.ey.${proofs[1]}` } });

  expect(leaksIn(artefacts, proofs)).toContainEqual(expect.stringMatching(/in clear by util\.inspect/));
});
