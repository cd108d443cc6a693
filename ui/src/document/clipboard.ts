/** Copied nodes travel as text, so that they can be pasted into another flow, window or mail. */
import type { Change } from './changes.ts';
import {
  endOf,
  endText,
  type FlowDoc,
  type FlowNode,
  NotAFlow,
  type Point,
  readFlow,
  type Wire,
  writeFlow,
} from './flow.ts';
import { freeId } from './select.ts';
import { readTable } from './table.ts';

export function copyText(doc: FlowDoc, ids: readonly string[]): string {
  const inside = new Set(ids);
  const pick = <T>(from: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(from).filter(([id]) => inside.has(id)));
  return writeFlow({
    arna: 1,
    name: doc.name,
    nodes: pick(doc.nodes),
    wires: doc.wires.filter((wire) => wire.every((end) => inside.has(endOf(end).node))),
    layout: pick(doc.layout),
  });
}

/** A longer text is a file to import, not a paste. */
const LONGEST = 5_000_000;

export interface Pasted {
  change: Change;
  ids: string[];
}

/** The change that puts a text on the canvas with its corner at a point, or none when it is nothing we know. */
export function pasteText(doc: FlowDoc, text: string, at: Point): Pasted | NotAFlow {
  if (text.length > LONGEST) return new NotAFlow('long');
  const trimmed = text.trim();
  if (/^https?:\/\/\S+$/.test(trimmed)) {
    return insert(
      doc,
      { request: { kind: 'http.request', config: { method: 'GET', url: trimmed } } },
      [],
      { request: [0, 0] },
      at,
    );
  }
  const table = /^[[{]/.test(trimmed) ? undefined : readTable(text);
  if (Array.isArray(table))
    return insert(
      doc,
      { input: { kind: 'flow.input', config: { sample: table } } },
      [],
      { input: [0, 0] },
      at,
    );
  if (table) {
    const { reason, ...about } = table;
    return new NotAFlow(reason, about);
  }
  try {
    const flow = readFlow(trimmed);
    return insert(doc, flow.nodes, flow.wires, flow.layout, at);
  } catch (error) {
    if (error instanceof NotAFlow) return error;
    throw error;
  }
}

function insert(
  doc: FlowDoc,
  nodes: Record<string, FlowNode>,
  wires: Wire[],
  layout: Record<string, Point>,
  at: Point,
): Pasted {
  const names = new Map<string, string>();
  const taken = new Set(Object.keys(doc.nodes));
  const xs = Object.values(layout).map((point) => point[0]);
  const ys = Object.values(layout).map((point) => point[1]);
  const corner: Point = [Math.min(...xs), Math.min(...ys)];
  const changes: Change[] = [];
  for (const [id, node] of Object.entries(nodes)) {
    const name = taken.has(id) ? freeId((word) => taken.has(word), id.replace(/_\d+$/, '')) : id;
    taken.add(name);
    names.set(id, name);
    const place = layout[id] ?? corner;
    changes.push({
      type: 'node.add',
      id: name,
      node,
      at: [at[0] + place[0] - corner[0], at[1] + place[1] - corner[1]],
    });
  }
  for (const [from, to] of wires) {
    const [start, end] = [endOf(from), endOf(to)];
    const [node, target] = [names.get(start.node), names.get(end.node)];
    if (node && target)
      changes.push({
        type: 'wire.add',
        wire: [endText({ ...start, node }), endText({ ...end, node: target })],
      });
  }
  return { change: { type: 'many', changes }, ids: [...names.values()] };
}
