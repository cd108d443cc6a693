/** What differs between two versions of a flow: cards, their fields, wires. */
import type { FlowDoc, FlowNode, Wire } from './flow.ts';

export type How = 'added' | 'removed' | 'changed';

export interface CardDifference {
  id: string;
  title: string;
  how: How;
  /** Fields of the form that are not the same. */
  fields: string[];
}

/** What a card is called. */
export type Naming = (id: string, node: FlowNode) => string;

/** Cards that differ, in the order of the older version, new ones last. */
export function differences(before: FlowDoc, after: FlowDoc, name: Naming): CardDifference[] {
  const ids = [...new Set([...Object.keys(before.nodes), ...Object.keys(after.nodes)])];
  return ids.flatMap((id): CardDifference[] => {
    const [a, b] = [before.nodes[id], after.nodes[id]];
    if (!b) return a ? [{ id, title: name(id, a), how: 'removed', fields: [] }] : [];
    if (!a) return [{ id, title: name(id, b), how: 'added', fields: [] }];
    const names = [...new Set([...Object.keys(a.config ?? {}), ...Object.keys(b.config ?? {})])];
    const fields = names.filter(
      (name) => JSON.stringify(a.config?.[name]) !== JSON.stringify(b.config?.[name]),
    );
    const isOther = JSON.stringify({ ...a, config: 0 }) !== JSON.stringify({ ...b, config: 0 });
    return fields.length || isOther ? [{ id, title: name(id, b), how: 'changed', fields }] : [];
  });
}

/** Both versions drawn as one: every card where it stands, or stood. */
export function united(before: FlowDoc, after: FlowDoc): FlowDoc {
  return {
    ...after,
    nodes: { ...before.nodes, ...after.nodes },
    layout: { ...before.layout, ...after.layout },
    notes: [],
    groups: [],
  };
}

/** Every wire of either version; those of both have nothing beside them. */
export function wireDifferences(before: FlowDoc, after: FlowDoc): { wire: Wire; how?: How }[] {
  const key = (wire: Wire) => wire.join(' ');
  const [old, now] = [before, after].map((it) => new Set(it.wires.map(key)));
  return [
    ...after.wires.map((wire) => ({ wire, how: old?.has(key(wire)) ? undefined : ('added' as const) })),
    ...before.wires.filter((wire) => !now?.has(key(wire))).map((wire) => ({ wire, how: 'removed' as const })),
  ];
}
