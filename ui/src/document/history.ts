/** Undo and redo without end: a stack of inverses. Typing in one field is one step. */
import { apply, type Change } from './changes.ts';
import type { FlowDoc } from './flow.ts';

interface Step {
  inverse: Change;
  /** Edits with the same key that follow one another quickly are undone together. */
  key?: string;
  at_ms: number;
}
export interface History {
  doc: FlowDoc;
  past: readonly Step[];
  future: readonly Step[];
}

const JOIN_MS = 1200;

export const startHistory = (doc: FlowDoc): History => ({ doc, past: [], future: [] });

export function edit(history: History, change: Change, now_ms: number, key?: string): History {
  const applied = apply(history.doc, change);
  if (applied.doc === history.doc) return history;
  const last = history.past.at(-1);
  if (key && last?.key === key && now_ms - last.at_ms < JOIN_MS) {
    const joined: Step = {
      key,
      at_ms: now_ms,
      inverse: { type: 'many', changes: [applied.inverse, last.inverse] },
    };
    return { doc: applied.doc, past: [...history.past.slice(0, -1), joined], future: [] };
  }
  return {
    doc: applied.doc,
    past: [...history.past, { inverse: applied.inverse, key, at_ms: now_ms }],
    future: [],
  };
}

export function undo(history: History): History {
  const last = history.past.at(-1);
  if (!last) return history;
  const applied = apply(history.doc, last.inverse);
  return {
    doc: applied.doc,
    past: history.past.slice(0, -1),
    future: [...history.future, { inverse: applied.inverse, at_ms: last.at_ms }],
  };
}

export function redo(history: History): History {
  const next = history.future.at(-1);
  if (!next) return history;
  const applied = apply(history.doc, next.inverse);
  return {
    doc: applied.doc,
    past: [...history.past, { inverse: applied.inverse, at_ms: next.at_ms }],
    future: history.future.slice(0, -1),
  };
}
