/** Every edit is a named change; applying one gives the new document and the change that takes it back. */
import { endOf, type FlowDoc, type FlowNode, type Group, type Note, type Point, type Wire } from './flow.ts';

export type Change =
  | { type: 'node.add'; id: string; node: FlowNode; at: Point }
  | { type: 'node.remove'; id: string }
  | { type: 'node.set'; id: string; node: FlowNode }
  | { type: 'node.move'; to: Record<string, Point> }
  | { type: 'wire.add'; wire: Wire; index?: number }
  | { type: 'wire.remove'; wire: Wire }
  | { type: 'notes.set'; notes: Note[] }
  | { type: 'groups.set'; groups: Group[] }
  | { type: 'flow.set'; fields: FlowFields }
  | { type: 'flow.replace'; doc: FlowDoc }
  | { type: 'many'; changes: Change[] };

/** What holds for the whole flow; undefined takes it out of the file. */
type FlowFields = Partial<Pick<FlowDoc, (typeof FLOW_FIELDS)[number]>>;
const FLOW_FIELDS = [
  'name',
  'zone',
  'docs',
  'slots',
  'expect',
  'order',
  'concurrency',
  'overlap',
  'search',
  'volatile',
] as const;

export interface Applied {
  doc: FlowDoc;
  inverse: Change;
}

const sameWire = (a: Wire, b: Wire) => a[0] === b[0] && a[1] === b[1];
const without = <T>(record: Record<string, T>, key: string): Record<string, T> => {
  const { [key]: _gone, ...rest } = record;
  return rest;
};

function removeNode(doc: FlowDoc, id: string): Applied {
  const node = doc.nodes[id];
  if (!node) return { doc, inverse: { type: 'many', changes: [] } };
  const touches = (wire: Wire) => endOf(wire[0]).node === id || endOf(wire[1]).node === id;
  const back: Change[] = [{ type: 'node.add', id, node, at: doc.layout[id] ?? [0, 0] }];
  doc.wires.forEach((wire, index) => {
    if (touches(wire)) back.push({ type: 'wire.add', wire, index });
  });
  const groups = doc.groups ?? [];
  const isGrouped = groups.some((group) => group.nodes.includes(id));
  if (isGrouped) back.push({ type: 'groups.set', groups });
  const next: FlowDoc = {
    ...doc,
    nodes: without(doc.nodes, id),
    layout: without(doc.layout, id),
    wires: doc.wires.filter((wire) => !touches(wire)),
  };
  if (isGrouped) {
    next.groups = groups
      .map((group) => ({ ...group, nodes: group.nodes.filter((member) => member !== id) }))
      .filter((group) => group.nodes.length > 0);
  }
  return { doc: next, inverse: { type: 'many', changes: back } };
}

function moveNodes(doc: FlowDoc, to: Record<string, Point>): Applied {
  const from: Record<string, Point> = {};
  for (const id of Object.keys(to)) from[id] = doc.layout[id] ?? [0, 0];
  return { doc: { ...doc, layout: { ...doc.layout, ...to } }, inverse: { type: 'node.move', to: from } };
}

function addWire(doc: FlowDoc, wire: Wire, index = doc.wires.length): Applied {
  if (doc.wires.some((other) => sameWire(other, wire)))
    return { doc, inverse: { type: 'many', changes: [] } };
  const wires = [...doc.wires];
  wires.splice(index, 0, wire);
  return { doc: { ...doc, wires }, inverse: { type: 'wire.remove', wire } };
}

function removeWire(doc: FlowDoc, wire: Wire): Applied {
  const index = doc.wires.findIndex((other) => sameWire(other, wire));
  if (index < 0) return { doc, inverse: { type: 'many', changes: [] } };
  return {
    doc: { ...doc, wires: doc.wires.filter((_, place) => place !== index) },
    inverse: { type: 'wire.add', wire, index },
  };
}

function many(doc: FlowDoc, changes: Change[]): Applied {
  const inverses: Change[] = [];
  let next = doc;
  for (const change of changes) {
    const applied = apply(next, change);
    next = applied.doc;
    inverses.unshift(applied.inverse);
  }
  return { doc: next, inverse: { type: 'many', changes: inverses } };
}

export function apply(doc: FlowDoc, change: Change): Applied {
  switch (change.type) {
    case 'node.add':
      return {
        doc: {
          ...doc,
          nodes: { ...doc.nodes, [change.id]: change.node },
          layout: { ...doc.layout, [change.id]: change.at },
        },
        inverse: { type: 'node.remove', id: change.id },
      };
    case 'node.remove':
      return removeNode(doc, change.id);
    case 'node.set': {
      const before = doc.nodes[change.id];
      if (!before) return { doc, inverse: { type: 'many', changes: [] } };
      return {
        doc: { ...doc, nodes: { ...doc.nodes, [change.id]: change.node } },
        inverse: { type: 'node.set', id: change.id, node: before },
      };
    }
    case 'node.move':
      return moveNodes(doc, change.to);
    case 'wire.add':
      return addWire(doc, change.wire, change.index);
    case 'wire.remove':
      return removeWire(doc, change.wire);
    case 'notes.set':
      return { doc: { ...doc, notes: change.notes }, inverse: { type: 'notes.set', notes: doc.notes ?? [] } };
    case 'groups.set':
      return {
        doc: { ...doc, groups: change.groups },
        inverse: { type: 'groups.set', groups: doc.groups ?? [] },
      };
    case 'flow.set': {
      const fields = Object.fromEntries(FLOW_FIELDS.map((name) => [name, doc[name]]));
      return { doc: { ...doc, ...change.fields }, inverse: { type: 'flow.set', fields } };
    }
    case 'flow.replace':
      return { doc: change.doc, inverse: { type: 'flow.replace', doc } };
    case 'many':
      return many(doc, change.changes);
    default:
      return assertNever(change);
  }
}

function assertNever(value: never): never {
  throw new Error(`a change of no known type: ${JSON.stringify(value)}`);
}
