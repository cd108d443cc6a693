import { describe, expect, it } from 'vitest';
import { bareField, type Keyed, likelyKeys, matchOf } from './match.ts';

const side = (...keys: (string | number | null)[]): Keyed[] =>
  keys.map((key) => ({ record: { key }, key: [key] }));

describe('two lists side by side', () => {
  it('meet by equal keys, and what has no partner is counted on its side', () => {
    const it = matchOf(side(1, 2, 2, 3), side(2, 4, 1));
    expect([it.pairs.length, it.leftOnly.length, it.rightOnly.length]).toEqual([3, 1, 1]);
    expect(it.rightOnly[0]?.record).toEqual({ key: 4 });
  });

  it('never meet by an empty key, and a key that comes again on the right is not alone', () => {
    const it = matchOf(side(null, 1), side(null, 1, 1));
    expect([it.pairs.length, it.leftOnly.length, it.rightOnly.length]).toEqual([1, 1, 1]);
  });

  it('tell when the keys are of two types, which can never be equal', () => {
    expect(matchOf(side(1, 2), side('1', '2')).unlike).toEqual([{ left: 'number', right: 'text' }]);
    expect(matchOf(side(1, 'a'), side('1', '2')).unlike).toEqual([]);
  });

  it('are given fields to meet by: those of one name, keys first', () => {
    expect(likelyKeys(['name', 'Customer ID', 'x'], ['customer_id', 'name'])).toEqual([
      ['Customer ID', 'customer_id'],
      ['name', 'name'],
    ]);
  });

  it('read a plain field here and leave every other formula to the engine', () => {
    expect(['= id', '= `a b`', 'id', '= lower case(id)', '= 1', '= true'].map(bareField)).toEqual([
      'id',
      'a b',
      'id',
      undefined,
      undefined,
      undefined,
    ]);
  });
});
