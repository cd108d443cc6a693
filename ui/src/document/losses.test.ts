import { describe, expect, it } from 'vitest';
import type { NodeCounts, RunRow, RunState } from '../bridge/index.ts';
import { lossesOf } from './losses.ts';

const node = (records_in: number, records_out: number, failed = 0): NodeCounts => ({
  records_in,
  records_out,
  failed,
  parked: null,
  busy_ms: null,
  state: 'ok',
});
const ended = (state: RunState) => ({ state }) as RunRow;

describe('lost records', () => {
  const counts = {
    wires: { 'start.out>map.in': 50, 'map.out>write.in': 40 },
    nodes: { start: node(0, 50), map: node(50, 40, 10), write: node(40, 0) },
  };

  it('are those a node took and nothing came of when the run failed', () => {
    expect([...lossesOf(ended('failed'), counts)]).toEqual([
      ['map.out>write.in', { sent: 40, lost: 40, how: 'nothing_out' }],
    ]);
  });

  it('are not those that failed, nor those a step keeps for itself in a run that went well', () => {
    expect(lossesOf(ended('partial'), counts).size).toBe(0);
  });

  it('are those a node had not taken when the run ended', () => {
    const cut = { ...counts, nodes: { ...counts.nodes, write: node(15, 15) } };
    expect(lossesOf(ended('cancelled'), cut).get('map.out>write.in')).toEqual({
      sent: 40,
      lost: 25,
      how: 'not_taken',
    });
  });

  it('are not told of while the run is at work', () => {
    expect(lossesOf(ended('running'), counts).size).toBe(0);
    expect(lossesOf(undefined, counts).size).toBe(0);
  });
});
