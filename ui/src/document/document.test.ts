import { describe, expect, it } from 'vitest';
import { align, tidy } from './arrange.ts';
import { apply, type Change } from './changes.ts';
import { copyText, pasteText } from './clipboard.ts';
import { type FlowDoc, NotAFlow, readFlow, writeFlow } from './flow.ts';
import { edit, redo, startHistory, undo } from './history.ts';
import { canWire, freeId, wireBetween, wireKey } from './select.ts';

const doc: FlowDoc = {
  arna: 1,
  name: 'Orders',
  nodes: { a: { kind: 'csv.read' }, b: { kind: 'list.filter' }, c: { kind: 'http.request' } },
  wires: [
    ['a', 'b'],
    ['b.kept', 'c'],
  ],
  layout: { a: [0, 0], b: [280, 10], c: [560, 40] },
  groups: [{ title: 'G', nodes: ['b'] }],
};
const ports = (id: string) =>
  id === 'b' ? { inputs: ['in'], outputs: ['kept', 'rest'] } : { inputs: ['in'], outputs: ['out'] };

describe('changes', () => {
  const changes: Change[] = [
    { type: 'node.add', id: 'd', node: { kind: 'flow.log' }, at: [1, 2] },
    { type: 'node.remove', id: 'b' },
    { type: 'node.set', id: 'c', node: { kind: 'http.request', title: 'Post' } },
    { type: 'node.move', to: { a: [5, 5], c: [6, 6] } },
    { type: 'wire.add', wire: ['b.rest', 'c'] },
    { type: 'wire.remove', wire: ['a', 'b'] },
    { type: 'notes.set', notes: [{ text: 'hi', at: [0, 0] }] },
    { type: 'flow.set', fields: { name: 'Other' } },
    {
      type: 'many',
      changes: [
        { type: 'node.remove', id: 'a' },
        { type: 'node.remove', id: 'c' },
      ],
    },
  ];
  for (const change of changes) {
    it(`${change.type} is taken back by its inverse`, () => {
      const there = apply(doc, change);
      expect(there.doc).not.toEqual(doc);
      const back = apply(there.doc, there.inverse).doc;
      expect(JSON.parse(JSON.stringify({ notes: [], ...back }))).toEqual({ notes: [], ...doc });
    });
  }

  it('removing a node takes its wires and its place in groups', () => {
    const { doc: after } = apply(doc, { type: 'node.remove', id: 'b' });
    expect(after.wires).toEqual([]);
    expect(after.groups).toEqual([]);
  });

  it('the same wire is not added twice', () => {
    expect(apply(doc, { type: 'wire.add', wire: ['a', 'b'] }).doc).toBe(doc);
  });
});

describe('history', () => {
  it('undoes and redoes everything', () => {
    let history = startHistory(doc);
    for (let x = 1; x <= 300; x++)
      history = edit(history, { type: 'node.move', to: { a: [x, 0] } }, x * 10_000);
    const end = history.doc;
    for (let x = 0; x < 300; x++) history = undo(history);
    expect(history.doc.layout).toEqual(doc.layout);
    for (let x = 0; x < 300; x++) history = redo(history);
    expect(history.doc).toEqual(end);
  });

  it('typing in one field is one step, a pause begins another', () => {
    const type = (title: string): Change => ({
      type: 'node.set',
      id: 'c',
      node: { kind: 'http.request', title },
    });
    let history = startHistory(doc);
    history = edit(history, type('P'), 0, 'c.title');
    history = edit(history, type('Po'), 100, 'c.title');
    history = edit(history, type('Pos'), 9_000, 'c.title');
    expect(undo(history).doc.nodes.c?.title).toBe('Po');
    expect(undo(undo(history)).doc.nodes.c?.title).toBeUndefined();
  });

  it('a new edit forgets what was undone', () => {
    let history = edit(startHistory(doc), { type: 'node.remove', id: 'a' }, 0);
    history = edit(undo(history), { type: 'node.remove', id: 'c' }, 1);
    expect(redo(history)).toBe(history);
  });
});

describe('flow files', () => {
  it('survive reading and writing, with fields the editor does not know', () => {
    const text = JSON.stringify({ ...doc, expect: { by: '10:00' } });
    expect(JSON.parse(writeFlow(readFlow(text)))).toEqual(JSON.parse(text));
  });

  it.each([
    ['{', 'json'],
    ['[]', 'shape'],
    ['{"nodes":{"a":1}}', 'shape'],
    ['{"arna":2,"nodes":{}}', 'newer'],
  ])('refuse %s', (text, reason) => {
    expect(() => readFlow(text)).toThrow(NotAFlow);
    try {
      readFlow(text);
    } catch (error) {
      expect(error).toMatchObject({ reason });
    }
  });

  it('give nodes without a place different places', () => {
    const { layout } = readFlow('{"arna":1,"name":"x","nodes":{"a":{"kind":"k"},"b":{"kind":"k"}}}');
    expect(layout.a).not.toEqual(layout.b);
  });
});

describe('clipboard', () => {
  it('keeps wires inside the copy and renames what is taken', () => {
    const pasted = pasteText(doc, copyText(doc, ['a', 'b']), [100, 100]);
    if (pasted instanceof NotAFlow) throw pasted;
    const after = apply(doc, pasted.change).doc;
    expect(pasted.ids).toEqual(['a_2', 'b_2']);
    expect(after.wires).toContainEqual(['a_2', 'b_2']);
    expect(after.wires).toHaveLength(3);
    expect(after.layout.a_2).toEqual([100, 100]);
  });

  it('makes a request of an address', () => {
    const pasted = pasteText(doc, ' https://api.example/x ', [0, 0]);
    if (pasted instanceof NotAFlow) throw pasted;
    expect(apply(doc, pasted.change).doc.nodes.request?.config).toEqual({
      method: 'GET',
      url: 'https://api.example/x',
    });
  });

  it('says when a text is no flow', () => {
    expect(pasteText(doc, 'hello', [0, 0])).toBeInstanceOf(NotAFlow);
  });
});

describe('selectors', () => {
  it('a wire may not close a circle', () => {
    expect(canWire(doc, 'c', 'a')).toBe(false);
    expect(canWire(doc, 'a', 'c')).toBe(true);
    expect(canWire(doc, 'a', 'a')).toBe(false);
  });
  it('the first port is left out of a wire and present in its key', () => {
    expect(wireBetween(['b', 'kept'], ['c', 'in'], ports)).toEqual(['b', 'c']);
    expect(wireBetween(['b', 'rest'], ['c', 'in'], ports)).toEqual(['b.rest', 'c']);
    expect(wireKey(['b', 'c'], ports)).toBe('b.kept>c.in');
  });
  it('ids are free and never a word of the formula language', () => {
    expect(freeId((id) => id in { read: 1 }, 'csv.read')).toBe('read_2');
    expect(freeId(() => false, 'flow.for')).toBe('for_node');
  });

  describe('arranging', () => {
    it('tidy puts a node right of those before it', () => {
      const places = tidy(doc);
      expect(places.a?.[0]).toBeLessThan(places.b?.[0] ?? 0);
      expect(places.b?.[0]).toBeLessThan(places.c?.[0] ?? 0);
    });
    it('align gives one edge, spread gives equal gaps', () => {
      expect(Object.values(align(doc, ['a', 'b', 'c'], 'top')).map((p) => p[1])).toEqual([0, 0, 0]);
      expect(Object.values(align(doc, ['a', 'b', 'c'], 'spread_y')).map((p) => p[1])).toEqual([0, 20, 40]);
    });
  });
});
