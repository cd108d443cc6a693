/** From the document to what React Flow draws. What did not change keeps its identity, so that only changed cards are drawn again. */
import { type Edge, type Node, type NodeHandle, Position } from '@xyflow/react';
import type { KindRow, NodeFacts } from '../bridge/index.ts';
import { CARD_HEIGHT, CARD_WIDTH } from '../document/arrange.ts';
import { endOf, type FlowDoc, type FlowNode, type Group, type Note } from '../document/flow.ts';
import { type Kinds, type Ports, portsOf, wireKey } from '../document/select.ts';

export interface CardFace extends Record<string, unknown> {
  node: FlowNode;
  kind: KindRow | undefined;
  facts: NodeFacts | undefined;
  isErrorWired: boolean;
  /** The ports that are drawn: the error port only where it leads somewhere, or the card is chosen. */
  ports: Ports;
}
export type CardNode = Node<CardFace, 'card'>;
export type NoteNode = Node<{ note: Note; index: number }, 'note'>;
export type FrameNode = Node<{ group: Group; index: number }, 'frame'>;
export type DrawnNode = CardNode | NoteNode | FrameNode;
export type WireEdge = Edge<{ key: string; isError: boolean; isNamed: boolean }, 'wire'>;

export interface Shown {
  doc: FlowDoc;
  kinds: Kinds;
  facts: ReadonlyMap<string, NodeFacts>;
  selected: readonly string[];
}

const FRAME_PAD = 18;
const FRAME_TOP = 26;
const NOTE_SIZE: [number, number] = [196, 84];

interface Flags {
  isSelected: boolean;
  isErrorWired: boolean;
}

/** Half of a port and the border of the card, in pixels: what the style sheet says. */
const HALF = 5;
const BORDER = 1;

/** Where a port stands on its side of the card, counted from its top. */
export const portTop = (place: number, count: number): number => (CARD_HEIGHT / (count + 1)) * (place + 1);

/** The places of the ports: told, not measured, so that a card out of sight need not be drawn to know where its wires end. */
function handlesOf({ inputs, outputs }: Ports): NodeHandle[] {
  const side = (names: string[], type: NodeHandle['type'], position: Position, x: number) =>
    names.map((id, place): NodeHandle => {
      const y = BORDER + portTop(place, names.length) - HALF;
      return { id, type, position, x, y, width: 2 * HALF, height: 2 * HALF };
    });
  return [
    ...side(inputs, 'target', Position.Left, BORDER - HALF),
    ...side(outputs, 'source', Position.Right, CARD_WIDTH - BORDER - HALF),
  ];
}

const CARD_SIZE = { width: CARD_WIDTH, height: CARD_HEIGHT };

const titleOf = (node: FlowNode, kind: KindRow | undefined) => node.title || kind?.title || node.kind;

function card(id: string, node: FlowNode, shown: Shown, old: CardNode | undefined, flags: Flags): CardNode {
  const { isSelected, isErrorWired } = flags;
  const kind = shown.kinds.get(node.kind);
  const facts = shown.facts.get(id);
  const [x, y] = shown.doc.layout[id] ?? [0, 0];
  const isSame =
    old &&
    old.data.node === node &&
    old.data.kind === kind &&
    old.data.facts === facts &&
    old.data.isErrorWired === isErrorWired &&
    (isErrorWired || old.selected === isSelected);
  if (isSame && old.position.x === x && old.position.y === y && old.selected === isSelected) return old;
  const all = portsOf(node, shown.kinds, facts);
  const ports = {
    inputs: all.inputs,
    outputs: all.outputs.filter((port) => port !== 'error' || isErrorWired || isSelected),
  };
  return {
    ...old,
    id,
    type: 'card',
    position: { x, y },
    ...CARD_SIZE,
    measured: CARD_SIZE,
    handles: handlesOf(ports),
    selected: isSelected,
    ariaLabel: titleOf(node, kind),
    data: isSame ? old.data : { node, kind, facts, isErrorWired, ports },
  };
}

function frame(group: Group, index: number, doc: FlowDoc): FrameNode | undefined {
  const points = group.nodes.flatMap((id) => (doc.layout[id] ? [doc.layout[id]] : []));
  if (!points.length) return undefined;
  const left = Math.min(...points.map((p) => p[0])) - FRAME_PAD;
  const top = Math.min(...points.map((p) => p[1])) - FRAME_TOP;
  const size = {
    width: Math.max(...points.map((p) => p[0])) + CARD_WIDTH + FRAME_PAD - left,
    height: Math.max(...points.map((p) => p[1])) + CARD_HEIGHT + FRAME_PAD - top,
  };
  return {
    id: `frame:${index}`,
    type: 'frame',
    position: { x: left, y: top },
    ...size,
    measured: size,
    handles: [],
    zIndex: -2,
    selectable: false,
    focusable: false,
    dragHandle: '.frame-title',
    data: { group, index },
  };
}

export function drawNodes(shown: Shown, before: readonly DrawnNode[]): DrawnNode[] {
  const old = new Map(before.map((node) => [node.id, node]));
  const chosen = new Set(shown.selected);
  const errorWired = new Set(shown.doc.wires.map((wire) => wire[0]));
  const frames = (shown.doc.groups ?? []).flatMap((group, index) => frame(group, index, shown.doc) ?? []);
  const notes = (shown.doc.notes ?? []).map((note, index): NoteNode => {
    const was = old.get(`note:${index}`);
    if (
      was?.type === 'note' &&
      was.data.note === note &&
      was.position.x === note.at[0] &&
      was.position.y === note.at[1]
    )
      return was;
    const [width, height] = note.size ?? NOTE_SIZE;
    return {
      id: `note:${index}`,
      type: 'note',
      position: { x: note.at[0], y: note.at[1] },
      width,
      height,
      measured: { width, height },
      handles: [],
      selectable: false,
      focusable: false,
      zIndex: -1,
      data: { note, index },
    };
  });
  const cards = Object.entries(shown.doc.nodes).map(([id, node]) => {
    const was = old.get(id);
    return card(id, node, shown, was?.type === 'card' ? was : undefined, {
      isSelected: chosen.has(id),
      isErrorWired: errorWired.has(`${id}.error`),
    });
  });
  return [...frames, ...notes, ...cards];
}

export function drawWires(shown: Shown, before: readonly WireEdge[]): WireEdge[] {
  const old = new Map(before.map((edge) => [edge.id, edge]));
  const cache = new Map<string, Ports>();
  const ports = (id: string): Ports => {
    const known = cache.get(id);
    if (known) return known;
    const node = shown.doc.nodes[id];
    const found = node ? portsOf(node, shown.kinds, shown.facts.get(id)) : { inputs: [], outputs: [] };
    cache.set(id, found);
    return found;
  };
  const titleAt = (id: string): string => {
    const node = shown.doc.nodes[id];
    return node ? titleOf(node, shown.kinds.get(node.kind)) : id;
  };
  return shown.doc.wires.map((wire): WireEdge => {
    const id = `${wire[0]}>${wire[1]}`;
    const key = wireKey(wire, ports);
    const was = old.get(id);
    const [from, to] = key.split('>');
    const source = endOf(from ?? '');
    const target = endOf(to ?? '');
    const ariaLabel = `${titleAt(source.node)} → ${titleAt(target.node)}`;
    // a port says its name where its card has several
    const isNamed = ports(source.node).outputs.length > 1 && ports(target.node).inputs.length < 2;
    if (was?.data?.key === key && was.ariaLabel === ariaLabel && was.data.isNamed === isNamed) return was;
    return {
      ...was,
      id,
      type: 'wire',
      ariaLabel,
      source: source.node,
      target: target.node,
      sourceHandle: source.port,
      targetHandle: target.port,
      data: { key, isError: source.port === 'error', isNamed },
    };
  });
}
