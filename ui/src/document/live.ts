/** What is known of the run that is shown: counts by node and wire. Kept apart from the document, so that a count redraws one card. */
import { createStore } from 'zustand/vanilla';
import { type EngineEvent, engine, type RunCounts, type RunRow } from '../bridge/index.ts';
import { type Loss, lossesOf } from './losses.ts';

export interface Live {
  flow: string;
  row: RunRow | undefined;
  counts: RunCounts;
  snapshots: readonly { at_ms: number; counts: RunCounts }[];
  /** The snapshot the slider stands at; none is the end, or now. */
  at: number | undefined;
  done: number | undefined;
  /** Wires whose records went nowhere, once the run has ended. */
  losses: ReadonlyMap<string, Loss>;
}

const nothing: RunCounts = { wires: {}, nodes: {} };
const empty: Live = {
  flow: '',
  row: undefined,
  counts: nothing,
  snapshots: [],
  at: undefined,
  done: undefined,
  losses: new Map(),
};

export const live = createStore<Live>(() => empty);

export const isRunning = (row: RunRow | undefined): boolean =>
  row?.state === 'running' || row?.state === 'waiting';

/** Shows a run on the canvas. */
export async function showRun(run: string): Promise<void> {
  const it = await engine().call('run.get', { run });
  live.setState({
    flow: it.row.flow,
    row: it.row,
    counts: it.counts,
    snapshots: it.snapshots,
    at: undefined,
    done: undefined,
    losses: lossesOf(it.row, it.counts),
  });
}

/** Shows the last run of a flow, or none. */
export async function showLastRun(flow: string): Promise<void> {
  live.setState({ ...empty, flow }, true);
  const { runs } = await engine().call('runs.list', { flow, limit: 1 });
  const last = runs[0];
  if (last) await showRun(last.run);
}

export function slideTo(at: number | undefined): void {
  const { snapshots } = live.getState();
  const shown = at === undefined ? snapshots.at(-1) : snapshots[at];
  if (shown) live.setState({ at, counts: shown.counts });
}

/** Follows the events of the flow that is shown. */
export function followRun(event: EngineEvent): void {
  const { flow, row } = live.getState();
  if (event.type !== 'run_started' && event.type !== 'run_progress' && event.type !== 'run_ended') return;
  if (event.flow !== flow) return;
  if (event.type === 'run_started') {
    live.setState({ counts: nothing, snapshots: [], at: undefined, done: undefined, losses: empty.losses });
    void showRun(event.run);
  } else if (event.type === 'run_progress' && (!row || row.run === event.run)) {
    live.setState({ counts: event.counts, done: event.done ?? undefined });
  } else if (event.type === 'run_ended' && (!row || row.run === event.run)) {
    void showRun(event.run);
  }
}
