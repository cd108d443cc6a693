/** The field of the form that takes what is picked in the data: the one that has the focus, or had it last. */
import { createStore } from 'zustand/vanilla';

export interface Taker {
  /** What the field is called, for the tip on what can be picked. */
  label: string;
  /** Takes the name of a field of the data. */
  take: (field: string) => void;
  /** The fields it can read, where they are not those that arrive at the node's first input. */
  fields?: readonly string[];
}

export const taker = createStore<{ now: Taker | undefined }>(() => ({ now: undefined }));

export const takesPicks = (it: Taker): void => taker.setState({ now: it });
/** A field that goes away takes nothing more; one that took over meanwhile stays. */
export const takesNoMore = (it: Taker): void => {
  if (taker.getState().now === it) taker.setState({ now: undefined });
};

const WORD = /^[\p{L}_][\p{L}\d_]*$/u;

/** A field as a formula names it. */
export const fieldPath = (name: string): string => (WORD.test(name) ? name : `\`${name}\``);

/** Whether what stands after this part of a text is read as a formula. */
export const isInFormula = (before: string): boolean =>
  before.startsWith('=') || before.lastIndexOf('{{') > before.lastIndexOf('}}');

/** What is put into a text at the caret to name a field: bare inside a formula, a formula of its own in an empty text, else in braces. */
export function pickedText(form: 'formula' | 'template', text: string, caret: number, field: string): string {
  const path = fieldPath(field);
  if (form === 'formula') return path;
  if (!text.trim()) return `= ${path}`;
  return isInFormula(text.slice(0, caret)) ? path : `{{ ${path} }}`;
}
