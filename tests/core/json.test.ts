import { expect, test } from '@jest/globals';

import { parseObject } from '../../src/core/json.js';

test('reads an object, with or without a byte order mark [A28]', () => {
  expect(parseObject('{"a":1}')).toEqual({ a: 1 });
  expect(parseObject('\ufeff{"a":1}')).toEqual({ a: 1 });
  expect(parseObject('\ufeff\ufeff{"a":1}')).toBeUndefined();
});

test('reads own members only, the last of two with one name [A28]', () => {
  const parsed = parseObject('{"__proto__":{"polluted":1},"a":1,"a":2}');

  expect(parsed?.['a']).toBe(2);
  expect(parsed?.['polluted']).toBeUndefined();
  expect({}).not.toHaveProperty('polluted');
});

test.each(['', ' ', '[]', 'null', '5', '"a"', 'true', '{', '{"a":NaN}', '{"a":1,}', '<html>', "{'a':1}"])(
  'takes %j for no object [A9 A28]',
  (body) => {
    expect(parseObject(body)).toBeUndefined();
  },
);
