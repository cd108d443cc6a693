/** Questions about a document and its kinds. */
import type { Json, KindRow, NodeFacts } from '../bridge/index.ts';
import { type Config, endOf, endText, type FlowDoc, type FlowNode, type Wire } from './flow.ts';

export type Kinds = ReadonlyMap<string, KindRow>;

export interface Ports {
  inputs: string[];
  outputs: string[];
}

/** The ports of a node: what the engine found out, else what the kind declares. */
export function portsOf(node: FlowNode, kinds: Kinds, facts?: NodeFacts): Ports {
  if (facts) return { inputs: facts.inputs, outputs: facts.outputs };
  const kind = kinds.get(node.kind);
  if (!kind) return { inputs: ['in'], outputs: ['out', 'error'] };
  const outputs = kind.outputs.map((port) => port.name);
  if (kind.contract !== 'trigger' && !outputs.includes('error')) outputs.push('error');
  return { inputs: kind.inputs.map((port) => port.name), outputs };
}

/** The key under which counts of a wire are kept: `node.port>node.port`. */
export function wireKey(wire: Wire, ports: (id: string) => Ports): string {
  const from = endOf(wire[0]);
  const to = endOf(wire[1]);
  const fromPort = from.port ?? ports(from.node).outputs[0] ?? 'out';
  const toPort = to.port ?? ports(to.node).inputs[0] ?? 'in';
  return `${from.node}.${fromPort}>${to.node}.${toPort}`;
}

/** A wire between two ports, written the short way where a port is the first one. */
export function wireBetween(
  from: [string, string],
  to: [string, string],
  ports: (id: string) => Ports,
): Wire {
  const short = ([node, port]: [string, string], first?: string) =>
    endText(port === first ? { node } : { node, port });
  return [short(from, ports(from[0]).outputs[0]), short(to, ports(to[0]).inputs[0])];
}

/** Whether records that leave `start` can arrive at `goal`. */
function reaches(doc: FlowDoc, start: string, goal: string): boolean {
  const next = new Map<string, string[]>();
  for (const [from, to] of doc.wires) {
    const id = endOf(from).node;
    next.set(id, [...(next.get(id) ?? []), endOf(to).node]);
  }
  const seen = new Set<string>();
  const open = [start];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === goal) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...(next.get(id) ?? []));
  }
  return false;
}

/** A wire may not lead back to where its records came from. */
export const canWire = (doc: FlowDoc, from: string, to: string): boolean =>
  from !== to && !reaches(doc, to, from);

/** A free id made from the kind: `filter`, `filter_2`. */
export function freeId(taken: (id: string) => boolean, kind: string): string {
  const word = (kind.split('.').at(-1) ?? 'node').replace(/[^a-z0-9_]/g, '_').slice(0, 28);
  // Words of the formula language may not name a node.
  const base = [
    'for',
    'if',
    'in',
    'not',
    'and',
    'or',
    'some',
    'every',
    'return',
    'list',
    'function',
  ].includes(word)
    ? `${word}_node`
    : word;
  if (!taken(base)) return base;
  for (let count = 2; ; count++) if (!taken(`${base}_${count}`)) return `${base}_${count}`;
}

const oneLine = (value: Json | undefined): string =>
  typeof value === 'string' ? value.replace(/^=\s*/, '') : '';

/** One line that says what a node does, until the engine has said it better. */
export function summaryOf(node: FlowNode, kind: KindRow | undefined): string {
  const config: Config = node.config ?? {};
  if (config.method || config.url) return [config.method, config.url].map(oneLine).filter(Boolean).join(' ');
  for (const field of [
    'keep',
    'path',
    'cron',
    'sql',
    'table',
    'queue',
    'folder',
    'left_key',
    'message',
    'flow',
  ]) {
    const line = oneLine(config[field]);
    if (line) return line.length > 80 ? `${line.slice(0, 80)}…` : line;
  }
  if (Array.isArray(config.by)) return config.by.join(', ');
  return kind?.title ?? node.kind;
}
