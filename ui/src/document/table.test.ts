import { describe, expect, it } from 'vitest';
import { pasteText } from './clipboard.ts';
import { emptyFlow, NotAFlow } from './flow.ts';
import { readTable } from './table.ts';

describe('a table that is pasted', () => {
  it('becomes records under its head, with numbers where a whole column is numbers', () => {
    expect(readTable('id,name,total\n1,"Aida, LLP",20.5\n2,"says ""no""",\n')).toEqual([
      { id: 1, name: 'Aida, LLP', total: 20.5 },
      { id: 2, name: 'says "no"', total: null },
    ]);
  });

  it('keeps what only looks like a number: codes with a zero in front, and long ones', () => {
    expect(readTable('bin\tphone\n001240000123\t77011234567890123\n')).toEqual([
      { bin: '001240000123', phone: '77011234567890123' },
    ]);
  });

  it('comes from a spreadsheet with tabs and commas in its numbers, line breaks in its cells and a head with holes', () => {
    expect(readTable('Сумма\t\tСумма\r\n12,5\t"a\nb"\ttrue\r\n')).toEqual([
      { Сумма: 12.5, column_2: 'a\nb', Сумма_2: true },
    ]);
  });

  it('is refused with the row that does not fit', () => {
    expect(readTable('a;b\n1;2\n1;2;3')).toEqual({ reason: 'table_width', row: 3, has: 3, head: 2 });
    expect(readTable('a;b\n1;"2\n1;2')).toEqual({ reason: 'table_quote', row: 2 });
    expect(readTable(`a;b\n${'1;2\n'.repeat(1001)}`)).toEqual({
      reason: 'table_long',
      rows: 1001,
      most: 1000,
    });
  });

  it('is not seen in prose, one line, or a single column', () => {
    expect(readTable('Dear all,\nplease see below, and answer, soon.')).toBeUndefined();
    expect(readTable('a,b,c')).toBeUndefined();
    expect(readTable('one\ntwo')).toBeUndefined();
  });

  it('is put on the canvas as a start with its rows as the sample, or told why not', () => {
    const doc = emptyFlow('x', '');
    const pasted = pasteText(doc, 'id;name\n1;Aida', [10, 20]);
    if (pasted instanceof NotAFlow) throw pasted;
    expect(pasted.ids).toEqual(['input']);
    expect(pasted.change).toEqual({
      type: 'many',
      changes: [
        {
          type: 'node.add',
          id: 'input',
          node: { kind: 'flow.input', config: { sample: [{ id: 1, name: 'Aida' }] } },
          at: [10, 20],
        },
      ],
    });
    const refused = pasteText(doc, 'id;name\n1;Aida\n2', [0, 0]);
    expect(refused instanceof NotAFlow && [refused.reason, refused.about]).toEqual([
      'table_width',
      { row: 3, has: 1, head: 2 },
    ]);
  });
});
