import { describe, expect, it } from 'vitest';
import { endOfKept } from './records.ts';

/** Pages of 100 of so many kept records, and the pages that were asked for. */
function pagesOf(kept: number): { asked: number[]; lengthOf: (page: number) => Promise<number> } {
  const asked: number[] = [];
  return {
    asked,
    lengthOf: async (page) => {
      asked.push(page);
      return Math.max(0, Math.min(100, kept - page * 100));
    },
  };
}

describe('how many records were kept', () => {
  it.each([100, 101, 250, 4_200, 99_999, 999_900])(
    'is found where the pages of %i kept ones end',
    async (kept) => {
      const { asked, lengthOf } = pagesOf(kept);
      expect(await endOfKept(1_000_000, 1, lengthOf)).toBe(kept);
      expect(asked.length).toBeLessThanOrEqual(14);
    },
  );

  it('asks for nothing where the first page is all there can be', async () => {
    const { asked, lengthOf } = pagesOf(100);
    expect(await endOfKept(100, 1, lengthOf)).toBe(100);
    expect(asked).toEqual([]);
  });
});
