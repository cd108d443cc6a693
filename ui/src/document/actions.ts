/** Edits a person makes, each as one change. */
import type { Alignment } from './arrange.ts';
import { align, CARD_HEIGHT, CARD_WIDTH, tidy } from './arrange.ts';
import type { Change } from './changes.ts';
import { copyText, pasteText } from './clipboard.ts';
import { endOf, type FlowDoc, NotAFlow, type Point, type Wire } from './flow.ts';
import { canWire, freeId, type Kinds, type Ports, portsOf, wireBetween } from './select.ts';
import { change, documentNow, openFlow, select } from './store.ts';

export interface Loose {
  node: string;
  port: string;
  side: 'in' | 'out';
}

const portsIn =
  (doc: FlowDoc, kinds: Kinds) =>
  (id: string): Ports => {
    const node = doc.nodes[id];
    return node ? portsOf(node, kinds, openFlow.getState().facts.get(id)) : { inputs: [], outputs: [] };
  };

/** Adds a node; wired to the loose end it was asked for, if any. */
export function addNode(kinds: Kinds, kind: string, at: Point, loose?: Loose): string {
  const doc = documentNow();
  const id = freeId((word) => word in doc.nodes, kind);
  const place: Point = [Math.round(at[0]), Math.round(at[1])];
  const changes: Change[] = [{ type: 'node.add', id, node: { kind, config: {} }, at: place }];
  const ports = portsOf({ kind }, kinds);
  const portsWithNew = (name: string) => (name === id ? ports : portsIn(doc, kinds)(name));
  const [input, output] = [ports.inputs[0], ports.outputs[0]];
  if (loose?.side === 'out' && input)
    changes.push({
      type: 'wire.add',
      wire: wireBetween([loose.node, loose.port], [id, input], portsWithNew),
    });
  if (loose?.side === 'in' && output)
    changes.push({
      type: 'wire.add',
      wire: wireBetween([id, output], [loose.node, loose.port], portsWithNew),
    });
  change({ type: 'many', changes });
  select([id]);
  return id;
}

export function connect(kinds: Kinds, from: [string, string], to: [string, string]): boolean {
  const doc = documentNow();
  if (!canWire(doc, from[0], to[0])) return false;
  change({ type: 'wire.add', wire: wireBetween(from, to, portsIn(doc, kinds)) });
  return true;
}

/** Puts a node without wires between the two ends of a wire. */
export function insertOnWire(kinds: Kinds, id: string, wire: Wire, moved: Change): void {
  const doc = documentNow();
  const { inputs, outputs } = portsIn(doc, kinds)(id);
  const [input, output] = [inputs[0], outputs[0]];
  if (!input || !output) {
    change(moved);
    return;
  }
  const [from, to] = [endOf(wire[0]), endOf(wire[1])];
  const ports = portsIn(doc, kinds);
  const first: [string, string] = [from.node, from.port ?? ports(from.node).outputs[0] ?? 'out'];
  const last: [string, string] = [to.node, to.port ?? ports(to.node).inputs[0] ?? 'in'];
  change({
    type: 'many',
    changes: [
      moved,
      { type: 'wire.remove', wire },
      { type: 'wire.add', wire: wireBetween(first, [id, input], ports) },
      { type: 'wire.add', wire: wireBetween([id, output], last, ports) },
    ],
  });
}

/** The wire a card lies on, if it has no wires of its own. */
export function wireUnder(doc: FlowDoc, id: string, at: Point): Wire | undefined {
  if (doc.wires.some((wire) => wire.some((end) => endOf(end).node === id))) return undefined;
  const center: Point = [at[0] + CARD_WIDTH / 2, at[1] + CARD_HEIGHT / 2];
  return doc.wires.find(([from, to]) => {
    const [a, b] = [doc.layout[endOf(from).node], doc.layout[endOf(to).node]];
    if (!a || !b) return false;
    return (
      distance(center, [a[0] + CARD_WIDTH, a[1] + CARD_HEIGHT / 2], [b[0], b[1] + CARD_HEIGHT / 2]) <
      CARD_HEIGHT / 2
    );
  });
}

function distance(point: Point, start: Point, end: Point): number {
  const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
  const length = dx * dx + dy * dy || 1;
  const along = Math.min(1, Math.max(0, ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / length));
  return Math.hypot(point[0] - start[0] - along * dx, point[1] - start[1] - along * dy);
}

export function removeNodes(ids: readonly string[]): void {
  change({ type: 'many', changes: ids.map((id) => ({ type: 'node.remove', id })) });
}

export function toggleDisabled(ids: readonly string[]): void {
  const doc = documentNow();
  const isOff = ids.every((id) => doc.nodes[id]?.disabled);
  const changes = ids.flatMap((id): Change[] => {
    const node = doc.nodes[id];
    if (!node) return [];
    const { disabled: _now, ...rest } = node;
    return [{ type: 'node.set', id, node: isOff ? rest : { ...rest, disabled: true } }];
  });
  change({ type: 'many', changes });
}

export const copied = (): string => copyText(documentNow(), openFlow.getState().selected);

/** Pastes a text; a text that is nothing we know is given back as the reason. */
export function paste(text: string, at: Point): NotAFlow | undefined {
  const pasted = pasteText(documentNow(), text, at);
  if (pasted instanceof NotAFlow) return pasted;
  change(pasted.change);
  select(pasted.ids);
  return undefined;
}

export function duplicate(): void {
  const doc = documentNow();
  const { selected } = openFlow.getState();
  const corner = selected.map((id): Point => doc.layout[id] ?? [0, 0]);
  if (!corner.length) return;
  paste(copied(), [Math.min(...corner.map((p) => p[0])) + 32, Math.min(...corner.map((p) => p[1])) + 112]);
}

export function tidyNodes(): void {
  change({ type: 'node.move', to: tidy(documentNow(), openFlow.getState().selected) });
}

export function alignNodes(how: Alignment): void {
  change({ type: 'node.move', to: align(documentNow(), openFlow.getState().selected, how) });
}

export function addNote(text: string, at: Point): void {
  change({
    type: 'notes.set',
    notes: [
      ...(documentNow().notes ?? []),
      { text, at: [Math.round(at[0]), Math.round(at[1])], size: [196, 84], color: 'sand' },
    ],
  });
}

export function groupNodes(title: string): void {
  const { selected } = openFlow.getState();
  if (!selected.length) return;
  const others = (documentNow().groups ?? []).map((group) => ({
    ...group,
    nodes: group.nodes.filter((id) => !selected.includes(id)),
  }));
  change({
    type: 'groups.set',
    groups: [...others.filter((group) => group.nodes.length), { title, nodes: [...selected] }],
  });
}
