/** Where cards stand: layered layout, alignment, snapping. */
import dagre from '@dagrejs/dagre';
import { endOf, type FlowDoc, type Point } from './flow.ts';

export const CARD_WIDTH = 212;
export const CARD_HEIGHT = 86;

/** Places for all nodes (or the given ones) in layers from left to right. */
export function tidy(doc: FlowDoc, only?: readonly string[]): Record<string, Point> {
  const ids = only && only.length > 1 ? [...only] : Object.keys(doc.nodes);
  const inside = new Set(ids);
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 38, ranksep: 88 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of ids) graph.setNode(id, { width: CARD_WIDTH, height: CARD_HEIGHT });
  for (const [from, to] of doc.wires) {
    const [start, end] = [endOf(from).node, endOf(to).node];
    if (inside.has(start) && inside.has(end)) graph.setEdge(start, end);
  }
  dagre.layout(graph);
  const left = Math.min(...ids.map((id) => doc.layout[id]?.[0] ?? 0));
  const top = Math.min(...ids.map((id) => doc.layout[id]?.[1] ?? 0));
  const placed = ids.map((id): [string, Point] => {
    const { x = 0, y = 0 } = graph.node(id) as { x?: number; y?: number };
    return [id, [x - CARD_WIDTH / 2, y - CARD_HEIGHT / 2]];
  });
  const [minX, minY] = [Math.min(...placed.map(([, p]) => p[0])), Math.min(...placed.map(([, p]) => p[1]))];
  return Object.fromEntries(
    placed.map(([id, [x, y]]) => [id, [Math.round(left + x - minX), Math.round(top + y - minY)]]),
  );
}

export type Alignment = 'left' | 'top' | 'spread_x' | 'spread_y';

export function align(doc: FlowDoc, ids: readonly string[], how: Alignment): Record<string, Point> {
  const axis = how === 'left' || how === 'spread_x' ? 0 : 1;
  const points = ids.map((id): [string, Point] => [id, doc.layout[id] ?? [0, 0]]);
  points.sort((a, b) => a[1][axis] - b[1][axis]);
  const first = points[0]?.[1][axis] ?? 0;
  const last = points.at(-1)?.[1][axis] ?? 0;
  const gap = points.length > 1 ? (last - first) / (points.length - 1) : 0;
  return Object.fromEntries(
    points.map(([id, point], index) => {
      const value = how === 'left' || how === 'top' ? first : Math.round(first + gap * index);
      return [id, axis === 0 ? [value, point[1]] : [point[0], value]];
    }),
  );
}

export interface Snap {
  at: Point;
  /** Lines to draw, in canvas units. */
  x?: number;
  y?: number;
}

const REACH = 6;

/** Moves a card that is nearly in line with another one into line. */
export function snap(doc: FlowDoc, id: string, at: Point): Snap {
  let best: Snap = { at };
  let [nearX, nearY] = [REACH, REACH];
  for (const [other, point] of Object.entries(doc.layout)) {
    if (other === id || Math.abs(point[0] - at[0]) > 1600 || Math.abs(point[1] - at[1]) > 1000) continue;
    const [dx, dy] = [Math.abs(point[0] - at[0]), Math.abs(point[1] - at[1])];
    if (dx < nearX) {
      nearX = dx;
      best = { ...best, at: [point[0], best.at[1]], x: point[0] };
    }
    if (dy < nearY) {
      nearY = dy;
      best = { ...best, at: [best.at[0], point[1]], y: point[1] };
    }
  }
  return best;
}
