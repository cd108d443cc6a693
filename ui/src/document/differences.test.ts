import { describe, expect, it } from 'vitest';
import { differences, type Naming, united, wireDifferences } from './differences.ts';
import { emptyFlow, type FlowDoc } from './flow.ts';

const doc = (nodes: FlowDoc['nodes'], wires: FlowDoc['wires'], layout: FlowDoc['layout']): FlowDoc => ({
  ...emptyFlow('Orders', ''),
  nodes,
  wires,
  layout,
});

const before = doc(
  {
    start: { kind: 'flow.input' },
    keep: { kind: 'list.filter', title: 'Paid', config: { keep: '= paid', note: 1 } },
    old: { kind: 'list.log', title: 'Old one' },
  },
  [
    ['start', 'keep'],
    ['keep', 'old'],
  ],
  { start: [0, 0], keep: [300, 0], old: [600, 0] },
);
const after = doc(
  {
    start: { kind: 'flow.input' },
    keep: { kind: 'list.filter', title: 'Paid', config: { keep: '= paid and total > 0', note: 1 } },
    extra: { kind: 'list.log', title: 'New one' },
  },
  [
    ['start', 'keep'],
    ['keep.kept', 'extra'],
  ],
  { start: [0, 50], keep: [300, 50], extra: [600, 50] },
);

const name: Naming = (id, node) => node.title || id;

describe('two versions of a flow', () => {
  it('differ in cards, and a changed one names its fields', () => {
    expect(differences(before, after, name)).toEqual([
      { id: 'keep', title: 'Paid', how: 'changed', fields: ['keep'] },
      { id: 'old', title: 'Old one', how: 'removed', fields: [] },
      { id: 'extra', title: 'New one', how: 'added', fields: [] },
    ]);
  });

  it('are the same when cards were only moved', () => {
    expect(differences(before, { ...before, layout: after.layout }, name)).toEqual([]);
  });

  it('are drawn as one, with what is gone where it stood', () => {
    expect(united(before, after).layout).toEqual({
      start: [0, 50],
      keep: [300, 50],
      old: [600, 0],
      extra: [600, 50],
    });
    expect(Object.keys(united(before, after).nodes)).toEqual(['start', 'keep', 'old', 'extra']);
  });

  it('differ in wires', () => {
    expect(wireDifferences(before, after)).toEqual([
      { wire: ['start', 'keep'], how: undefined },
      { wire: ['keep.kept', 'extra'], how: 'added' },
      { wire: ['keep', 'old'], how: 'removed' },
    ]);
  });
});
