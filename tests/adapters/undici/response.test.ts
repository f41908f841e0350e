import { describe, expect, test } from '@jest/globals';

import { UndiciAttempt } from '../../../src/adapters/undici/response.js';

/** An attempt whose 401s are held back, and all that comes of it. */
function attempt() {
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(what);
  const tested = new UndiciAttempt({
    holds: ({ statusCode }) => statusCode === 401,
    answered: ({ statusCode }) => void told.push(`answered ${statusCode}`),
    failed: ({ message }) => void told.push(`failed: ${message}`),
  });
  tested.connection = { abort: tell('abort'), resume: tell('resume') };
  return { tested, told, tell };
}

test('is open for a reply that is not held back', () => {
  const { tested, told } = attempt();

  tested.begin(200, { 'x-a': '1' });

  expect(tested.isOpen).toBe(true);
  expect(tested.headers).toEqual({ 'x-a': '1' });
  expect(told).toEqual(['answered 200']);
});

test('tells of an error before there is a reply, and delivers one after that', () => {
  const [early, late] = [attempt(), attempt()];

  early.tested.fail(new Error('reset'), early.tell('error'));
  late.tested.begin(200, {});
  late.tested.fail(new Error('reset'), late.tell('error'));

  expect(early.told).toEqual(['failed: reset']);
  expect(late.told).toEqual(['answered 200', 'error']);
});

test('fails when it cannot be judged whether to hold a reply back', () => {
  const told: string[] = [];
  const tested = new UndiciAttempt({
    holds() {
      throw new Error('a fault of the caller');
    },
    answered: () => void told.push('answered'),
    failed: ({ message }) => void told.push(`failed: ${message}`),
  });

  expect(() => tested.begin(403, {})).toThrow('a fault of the caller');
  tested.fail(new Error('a fault of the caller'), () => told.push('delivered'));

  expect(told).toEqual(['failed: a fault of the caller']);
});

test('tells of an upgrade [E16]', () => {
  const { tested, told } = attempt();

  tested.upgrade();

  expect(told).toEqual(['answered 0']);
});

describe('a reply that is held back [E14]', () => {
  test('is delivered in its order when it is released', () => {
    const { tested, told, tell } = attempt();
    tested.begin(401, {});
    tested.keep(0, tell('head'));
    tested.keep(10, tell('data'));
    tested.end(tell('end'));
    const before = [...told];

    tested.release();
    tested.release();

    expect(before).toEqual(['answered 401']);
    expect(told).toEqual(['answered 401', 'head', 'data', 'end']);
  });

  test('asks for no more than 64 KiB, and goes on after that when it is released', () => {
    const { tested, told, tell } = attempt();
    tested.begin(401, {});

    const wantsMore = [tested.keep(65_536, tell('first')), tested.keep(1, tell('second'))];
    tested.release();

    expect(wantsMore).toEqual([true, false]);
    expect(told).toEqual(['answered 401', 'first', 'second', 'resume']);
    expect(tested.isOpen).toBe(true);
  });

  test('delivers what its delivery gives rise to', () => {
    const { tested, told, tell } = attempt();
    tested.begin(401, {});
    tested.keep(0, () => tested.fail(new Error('aborted'), tell('error')));

    tested.release();

    expect(told).toEqual(['answered 401', 'error']);
  });

  test('has its connection closed when it is dropped under way', () => {
    const { tested, told, tell } = attempt();
    tested.begin(401, {});

    tested.drop();
    const wantsMore = tested.keep(100_000, tell('data'));
    tested.fail(new Error('aborted'), tell('error'));
    tested.release();

    expect(wantsMore).toBe(true);
    expect(told).toEqual(['answered 401', 'abort']);
  });

  test('leaves its connection alone when it is dropped after its end', () => {
    const { tested, told, tell } = attempt();
    tested.begin(401, {});
    tested.end(tell('end'));

    tested.drop();

    expect(told).toEqual(['answered 401']);
  });

  test('has its connection closed when its caller throws', () => {
    const { tested, told, tell } = attempt();
    tested.begin(401, {});
    tested.keep(0, () => {
      throw new Error('not this one');
    });
    tested.keep(0, tell('data'));

    expect(() => tested.release()).toThrow('not this one');

    expect(told).toEqual(['answered 401', 'abort']);
  });
});
