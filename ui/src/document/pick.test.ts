import { describe, expect, it } from 'vitest';
import { pickedText, taker, takesNoMore, takesPicks } from './pick.ts';

describe('a field picked in the data', () => {
  it('is named bare in a formula, and in backticks when it is no word', () => {
    expect(pickedText('formula', 'qty * ', 6, 'price')).toBe('price');
    expect(pickedText('formula', '', 0, 'Сумма по счёту')).toBe('`Сумма по счёту`');
  });

  it('becomes a formula in an empty text and a part in braces within one', () => {
    expect(pickedText('template', ' ', 0, 'total')).toBe('= total');
    expect(pickedText('template', 'Order ', 6, 'id')).toBe('{{ id }}');
    expect(pickedText('template', 'Order {{ ', 9, 'id')).toBe('id');
    expect(pickedText('template', '= 1 + ', 6, 'id')).toBe('id');
    expect(pickedText('template', '{{ a }} ', 8, 'id')).toBe('{{ id }}');
  });

  it('goes to the field that had the focus last, until that is gone', () => {
    const took: string[] = [];
    const [first, second] = ['first', 'second'].map((label) => ({
      label,
      take: (field: string) => took.push(`${label} ${field}`),
    }));
    if (!first || !second) throw new Error('two fields');
    takesPicks(first);
    takesPicks(second);
    takesNoMore(first);
    taker.getState().now?.take('a');
    takesNoMore(second);
    taker.getState().now?.take('b');
    expect(took).toEqual(['second a']);
  });
});
