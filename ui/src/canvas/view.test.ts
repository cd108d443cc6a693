import { describe, expect, it } from 'vitest';
import type { FlowDoc, Point } from '../document/flow.ts';
import { drawNodes } from './shape.ts';
import { openingView, READABLE } from './view.ts';

const area = { width: 880, height: 540 };

function chain(count: number, step: Point): FlowDoc {
  const ids = Array.from({ length: count }, (_, place) => `n${place}`);
  return {
    arna: 1,
    name: 'chain',
    nodes: Object.fromEntries(ids.map((id) => [id, { kind: 'list.limit' }])),
    wires: ids.slice(1).map((id, place) => [`n${place}`, id]),
    layout: Object.fromEntries(ids.map((id, place) => [id, [place * step[0], place * step[1]]])),
  };
}

describe('what of a flow is seen when it is opened', () => {
  it('is all of it, in the middle, where that can be read', () => {
    const view = openingView(chain(3, [280, 0]), new Map(), area);
    expect(view.zoom).toBe(1);
    expect(view.x).toBe((880 - 3 * 280 + 68) / 2);
  });

  it('is its beginning, large enough to be read, where it is too long', () => {
    const view = openingView(chain(40, [280, 0]), new Map(), area);
    expect(view.zoom).toBe(READABLE);
    expect(view.x).toBe(40);
  });

  it('follows a start that stands in the middle, without giving room away beyond the last card', () => {
    const doc = chain(40, [280, 0]);
    doc.wires = [];
    doc.nodes.late = { kind: 'flow.input' };
    doc.layout.late = [39 * 280, 200];
    const trigger = new Map([['flow.input', { contract: 'trigger' }]]) as never;
    const view = openingView(doc, trigger, area);
    const right = (39 * 280 + 212) * view.zoom + view.x;
    expect(right).toBeCloseTo(880 - 40);
  });

  it('is the empty canvas at its full size for a flow without cards', () => {
    expect(openingView({ ...chain(0, [0, 0]), layout: {} }, new Map(), area).zoom).toBe(1);
  });
});

describe('cards', () => {
  const shown = { doc: chain(3, [280, 0]), kinds: new Map(), facts: new Map(), selected: [] as string[] };

  it('keep their identity when another one is moved or chosen', () => {
    const before = drawNodes(shown, []);
    const moved = { ...shown.doc, layout: { ...shown.doc.layout, n1: [300, 40] as Point } };
    const after = drawNodes({ ...shown, doc: moved, selected: ['n1'] }, before);
    expect(after.map((it, place) => it === before[place])).toEqual([true, false, true]);
  });

  it('tell where their ports stand, and show the error port only when chosen or wired', () => {
    const [plain] = drawNodes(shown, []);
    expect(plain?.handles?.map((it) => it.id)).toEqual(['in', 'out']);
    const [chosen] = drawNodes({ ...shown, selected: ['n0'] }, []);
    expect(chosen?.handles?.map((it) => it.id)).toEqual(['in', 'out', 'error']);
  });
});
