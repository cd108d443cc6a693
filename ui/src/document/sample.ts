/** The record that arrives at the selected node: formulas show their value for it. */
import { createStore } from 'zustand/vanilla';
import { type Datum, EngineGone, engine, type FieldRow, Refused } from '../bridge/index.ts';
import { writeFlow } from './flow.ts';
import { openFlow } from './store.ts';

export interface Sample {
  node: string;
  record: Datum;
  /** The fields that arrive, in the order of the data. */
  fields: readonly FieldRow[];
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

/** Reads what arrives at a node: from its last run, from what is pinned before it, or from what the flow's text tells. */
export async function loadSample(node: string): Promise<void> {
  const { id: flow, saving, history } = openFlow.getState();
  if (!flow || !node) {
    sample.setState({ ...none, node });
    return;
  }
  const text = saving === 'saved' ? undefined : writeFlow(history.doc);
  try {
    const { record, fields } = await engine().call('node.fields', { flow, node, text });
    if (openFlow.getState().selected[0] === node) sample.setState({ node, record: record ?? {}, fields });
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof EngineGone)) throw error;
    sample.setState({ ...none, node });
  }
}
