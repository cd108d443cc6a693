/** Wires whose records went nowhere: what came in is neither out, nor failed, nor waiting. */
import type { RunCounts, RunRow } from '../bridge/index.ts';
import { endOf } from './flow.ts';

export interface Loss {
  /** Records that went into the node. */
  sent: number;
  /** Of these, the ones nothing is known of. */
  lost: number;
  /** The node did not take them, or took them and nothing came of it. */
  how: 'not_taken' | 'nothing_out';
}

/** States in which a run went on to its end: what was taken was also finished. */
const FINISHED: readonly string[] = ['ok', 'partial'];
const AT_WORK: readonly string[] = ['running', 'waiting', 'asking'];

/** The losses of a run that has ended, by the key of the wire; a run at work still has its records in hand. */
export function lossesOf(row: RunRow | undefined, counts: RunCounts): ReadonlyMap<string, Loss> {
  const found = new Map<string, Loss>();
  if (!row || AT_WORK.includes(row.state)) return found;
  const into = new Map<string, string[]>();
  for (const [key, count] of Object.entries(counts.wires)) {
    const node = endOf(key.slice(key.indexOf('>') + 1)).node;
    if (count) into.set(node, [...(into.get(node) ?? []), key]);
  }
  for (const [node, keys] of into) {
    const sent = keys.reduce((sum, key) => sum + (counts.wires[key] ?? 0), 0);
    const did = counts.nodes[node];
    const taken = did?.records_in ?? 0;
    const came = (did?.records_out ?? 0) + (did?.failed ?? 0) + (did?.parked ?? 0);
    const isEmpty = taken > 0 && came === 0 && !FINISHED.includes(row.state);
    const loss: Loss | undefined = isEmpty
      ? { sent, lost: sent, how: 'nothing_out' }
      : sent > taken
        ? { sent, lost: sent - taken, how: 'not_taken' }
        : undefined;
    if (loss) for (const key of keys) found.set(key, loss);
  }
  return found;
}
