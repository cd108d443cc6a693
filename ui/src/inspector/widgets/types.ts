import type { Json } from '../../bridge/index.ts';
import type { Slots } from '../../document/slots.ts';
import type { FormField } from '../schema.ts';

/** What every widget gets: its field, the value as it stands in the file, and how to change it. */
export interface WidgetProps {
  field: FormField;
  value: Json | undefined;
  /** With the slots of the flow, where the value names a new one. */
  onChange: (value: Json | undefined, slots?: Slots) => void;
  /** The other values of the node, for a widget whose meaning hangs on one of them. */
  config?: { [name: string]: Json } | undefined;
}

export const textOf = (value: Json | undefined): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
export const isTable = (value: Json | undefined): value is { [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** Formulas stand in the file after `= `; in the field the sign is drawn, not typed. */
export const bare = (value: Json | undefined): string =>
  typeof value === 'string'
    ? value.replace(/^=\s?/, '')
    : value === undefined || value === null
      ? ''
      : JSON.stringify(value);
export const asFormula = (text: string): string | undefined =>
  text.trim() ? `= ${text.replace(/^=\s?/, '')}` : undefined;
