import { describe, expect, test } from '@jest/globals';

import { clients } from './clients.js';
import { faults } from './faults.js';
import { leaksIn } from './leaks-in.js';
import { tokenMark } from './marks.js';
import { provoke } from './provoke.js';

// What the client itself may refuse, or the caller before anything is sent.
const mayBeUnsent = new Set(['a header that cannot be sent', 'a method that does not exist', 'a timeout']);

describe.each(Object.entries(clients))(
  'F4 E11 R-24 R-25 R-42 %s writes down no secret and no token',
  (_name, makeClient) => {
    test.each(Object.entries(faults))('after %s', async (what, fault) => {
      const { artefacts, authorizations, elsewhere } = await provoke(makeClient, fault);

      expect(leaksIn(artefacts)).toEqual([]);
      expect(elsewhere.filter((authorization) => authorization !== undefined)).toEqual([]);
      expect(artefacts.length).toBeGreaterThan(30);
      expect(authorizations.length > 0 || mayBeUnsent.has(what)).toBe(true);
      expect(authorizations.filter((value) => !value?.startsWith(`Bearer ${tokenMark}`))).toEqual([]);
    });
  },
);
