/** The flow file as the editor holds it: read from text, written back to the same text. Knows nothing of React. */
import type { Json } from '../bridge/index.ts';

export type Point = [number, number];
export type Config = { [field: string]: Json };
/** What fits, under the name of its type, and what to fill in. */
export type Slot = Config & { help?: string };

export interface Policy {
  retry?: 'never' | 'quick' | 'patient' | { times: number; every_s: number };
  timeout_s?: number;
  in_flight?: number;
}
export interface FlowNode {
  kind: string;
  title?: string;
  version?: number;
  disabled?: boolean;
  note?: string;
  connection?: string;
  config?: Config;
  into?: string;
  keep_as?: string;
  policy?: Policy;
}
/** A name without what cannot be seen: control characters, and marks that turn the reading order around. */
export const cleanName = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken away
  text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
/** Two ends, each a node or a node and its port: `paid.kept`. A missing port is the first one. */
export type Wire = [string, string];
export interface Note {
  text: string;
  at: Point;
  size?: Point;
  color?: string;
}
export interface Group {
  title: string;
  color?: string;
  nodes: string[];
}
/** What is normal for a flow; anything else raises an alert. */
export interface Expect {
  by?: string;
  records?: [number, number];
  within_s?: number;
}
export interface FlowDoc {
  arna: number;
  name: string;
  zone?: string;
  docs?: string;
  nodes: Record<string, FlowNode>;
  wires: Wire[];
  slots?: Record<string, Slot>;
  layout: Record<string, Point>;
  notes?: Note[];
  groups?: Group[];
  expect?: Expect;
  order?: string;
  concurrency?: number;
  overlap?: 'queue' | 'skip' | 'replace' | 'latest';
  search?: string[];
  volatile?: boolean;
  [other: string]: unknown;
}
export interface End {
  node: string;
  port?: string;
}

export function endOf(text: string): End {
  const dot = text.indexOf('.');
  return dot < 0 ? { node: text } : { node: text.slice(0, dot), port: text.slice(dot + 1) };
}

export const endText = (end: End): string => (end.port ? `${end.node}.${end.port}` : end.node);

export const emptyFlow = (name: string, zone: string): FlowDoc => ({
  arna: 1,
  name,
  ...(zone ? { zone } : {}),
  nodes: {},
  wires: [],
  layout: {},
});

type NotAFlowReason = 'json' | 'shape' | 'newer' | 'long' | 'table_width' | 'table_quote' | 'table_long';

/** What is wrong with a text that should be a flow file, or a table. */
export class NotAFlow extends Error {
  readonly reason: NotAFlowReason;
  /** Numbers for the sentence. */
  readonly about: Record<string, number>;
  constructor(reason: NotAFlowReason, about: Record<string, number> = {}) {
    super(reason);
    this.reason = reason;
    this.about = about;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a flow file. The engine checks it in depth; this refuses only what cannot be drawn. */
export function readFlow(text: string): FlowDoc {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new NotAFlow('json');
  }
  if (!isObject(raw) || !isObject(raw.nodes)) throw new NotAFlow('shape');
  if (typeof raw.arna === 'number' && raw.arna > 1) throw new NotAFlow('newer');
  const nodes: Record<string, FlowNode> = {};
  for (const [id, node] of Object.entries(raw.nodes)) {
    if (!isObject(node) || typeof node.kind !== 'string') throw new NotAFlow('shape');
    nodes[id] = node as unknown as FlowNode;
  }
  const wires = Array.isArray(raw.wires) ? (raw.wires as unknown[]) : [];
  const isWire = (wire: unknown): wire is Wire =>
    Array.isArray(wire) && wire.length === 2 && wire.every((end) => typeof end === 'string');
  const layout = isObject(raw.layout) ? (raw.layout as Record<string, Point>) : {};
  return {
    ...raw,
    arna: 1,
    name: typeof raw.name === 'string' ? raw.name : '',
    nodes,
    wires: wires.filter(isWire),
    layout: placed(nodes, layout),
  };
}

/** Gives nodes without a place one, so that none lies on another. */
function placed(nodes: Record<string, FlowNode>, layout: Record<string, Point>): Record<string, Point> {
  const out: Record<string, Point> = {};
  let column = 0;
  for (const id of Object.keys(nodes)) out[id] = layout[id] ?? [280 * column++, 0];
  return out;
}

/** Writes the file: fields in a fixed order, empty blocks left out. */
export function writeFlow(doc: FlowDoc): string {
  const { arna, name, zone, nodes, wires, slots, layout, notes, groups, ...rest } = doc;
  const has = (block?: object) => block && Object.keys(block).length > 0;
  return JSON.stringify(
    {
      arna,
      name,
      ...(zone ? { zone } : {}),
      nodes,
      wires,
      ...(has(slots) ? { slots } : {}),
      ...rest,
      layout,
      ...(has(notes) ? { notes } : {}),
      ...(has(groups) ? { groups } : {}),
    },
    null,
    2,
  );
}
