/** What of a flow is seen when it is opened. */
import type { Viewport } from '@xyflow/react';
import { CARD_HEIGHT, CARD_WIDTH } from '../document/arrange.ts';
import { endOf, type FlowDoc, type Point } from '../document/flow.ts';
import type { Kinds } from '../document/select.ts';

export interface Size {
  width: number;
  height: number;
}

export interface Box extends Size {
  left: number;
  top: number;
}

/** Below this zoom the words on a card are too small to be read. */
export const READABLE = 0.72;
/** Room around the cards, in pixels of the screen; above them stands the toolbar, below them the slider. */
const ROOM = { x: 40, top: 64, bottom: 64 };

/** The area that all cards and notes take, in units of the canvas; none for an empty flow. */
export function boundsOf(doc: FlowDoc): Box | undefined {
  const corners = Object.keys(doc.nodes).map((id): [Point, Point] => [
    doc.layout[id] ?? [0, 0],
    [CARD_WIDTH, CARD_HEIGHT],
  ]);
  for (const note of doc.notes ?? []) corners.push([note.at, note.size ?? [CARD_WIDTH, CARD_HEIGHT]]);
  if (!corners.length) return undefined;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [[x, y], [width, height]] of corners) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + height);
  }
  return { left, top, width: right - left, height: bottom - top };
}

/** Where the flow begins: its first trigger, else the first card that nothing leads to. */
function startOf(doc: FlowDoc, kinds: Kinds): Point | undefined {
  const ids = Object.keys(doc.nodes);
  const reached = new Set(doc.wires.map((wire) => endOf(wire[1]).node));
  const first =
    ids.find((id) => kinds.get(doc.nodes[id]?.kind ?? '')?.contract === 'trigger') ??
    ids.find((id) => !reached.has(id)) ??
    ids[0];
  return first === undefined ? undefined : doc.layout[first];
}

/** The whole flow where its words can be read then; otherwise its beginning, as large as they need. */
export function openingView(doc: FlowDoc, kinds: Kinds, area: Size): Viewport {
  const bounds = boundsOf(doc);
  if (!bounds) return { x: ROOM.x, y: ROOM.top, zoom: 1 };
  const inner = { width: area.width - 2 * ROOM.x, height: area.height - ROOM.top - ROOM.bottom };
  const whole = Math.min(inner.width / bounds.width, inner.height / bounds.height);
  const zoom = Math.min(1, Math.max(READABLE, whole));
  const start = startOf(doc, kinds) ?? [bounds.left, bounds.top];
  // an axis on which all fits is centred; on the other one the start stands in view and no room is given away
  const along = (room: number, lead: number, span: number, from: number, at: number) => {
    const size = span * zoom;
    if (size <= room) return lead + (room - size) / 2 - from * zoom;
    const shift = Math.min(Math.max((at - from) * zoom, 0), size - room);
    return lead - from * zoom - shift;
  };
  const middle = start[1] + CARD_HEIGHT / 2 - inner.height / zoom / 2;
  return {
    x: along(inner.width, ROOM.x, bounds.width, bounds.left, start[0]),
    y: along(inner.height, ROOM.top, bounds.height, bounds.top, middle),
    zoom,
  };
}
