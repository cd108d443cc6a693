/** The record that arrives at the selected node: formulas show their value for it. */
import { createStore } from 'zustand/vanilla';
import { type Datum, EngineGone, engine, Refused } from '../bridge/index.ts';
import { live } from './live.ts';
import { upstream } from './select.ts';
import { documentNow } from './store.ts';

export interface Sample {
  node: string;
  record: Datum;
  /** Field names and the type of their value, in the order of the data. */
  fields: readonly { name: string; type: string }[];
}

const none: Sample = { node: '', record: {}, fields: [] };

export const sample = createStore<Sample>(() => none);

/** A value in plain words: exact numbers, dates and durations are texts with a type. */
export function plain(value: Datum): { text: string; type: string } {
  if (value === null) return { text: '', type: 'null' };
  if (typeof value !== 'object')
    return { text: String(value), type: typeof value === 'string' ? 'text' : typeof value };
  if (Array.isArray(value)) return { text: JSON.stringify(value), type: 'list' };
  if (typeof value.$ === 'string' && typeof value.text === 'string')
    return { text: value.text, type: value.$ };
  return { text: JSON.stringify(value), type: 'object' };
}

function fieldsOf(record: Datum): { name: string; type: string }[] {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return [];
  return Object.entries(record).map(([name, value]) => ({ name, type: plain(value).type }));
}

/** Reads the first record that arrived at a node in the run that is shown; what left the node before it, where nothing is known. */
export async function loadSample(node: string): Promise<void> {
  const run = live.getState().row?.run;
  if (!run || !node) {
    sample.setState({ ...none, node });
    return;
  }
  const read = async (id: string, side: 'in' | 'out') =>
    (await engine().call('run.records', { run, node: id, side, offset: 0, limit: 1 })).records[0];
  try {
    const before = upstream(documentNow(), node)[0];
    const record = (await read(node, 'in')) ?? (before ? await read(before, 'out') : undefined) ?? {};
    sample.setState({ node, record, fields: fieldsOf(record) });
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof EngineGone)) throw error;
    sample.setState({ ...none, node });
  }
}
