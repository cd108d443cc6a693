/** Slots: what a flow leaves open for its user. Declared in the file, filled on one computer. */
import { EngineGone, engine, type Json, Refused } from '../bridge/index.ts';
import type { FlowDoc, Slot } from './flow.ts';
import { flush, openFlow } from './store.ts';

export const SLOT_TYPES = ['folder', 'connection', 'text', 'number', 'bool', 'flow'] as const;
export type SlotType = (typeof SLOT_TYPES)[number];
export type Slots = NonNullable<FlowDoc['slots']>;

export const typeOf = (slot: Slot): SlotType => SLOT_TYPES.find((type) => type in slot) ?? 'text';

/** What a slot of a type is before anything is said about it. */
export const emptySlot = (type: SlotType): Slot =>
  type === 'folder' ? { folder: 'read' } : type === 'connection' ? { connection: 'http' } : { [type]: null };

const PAIRS =
  'а a б b в v г g д d е e ё e ж zh з z и i й i к k л l м m н n о o п p р r с s т t у u ф f х h ц ts ч ch ш sh щ sch ы y э e ю yu ' +
  'я ya ә a ғ g қ k ң n ө o ұ u ү u һ h і i';
/** Cyrillic letters in Latin ones, so that a name is read aloud alike. */
const LETTERS = new Map([...PAIRS.matchAll(/(\S) (\S+)/g)].map(([, from = '', to = '']) => [from, to]));
const MOST_LETTERS = 32;

/** A free name for a slot, made from what people call it. */
export function slotName(wanted: string, taken: Slots, otherwise: string): string {
  const letters = wanted.toLowerCase().replace(/[ъь]/g, '');
  const latin = [...letters].map((letter) => LETTERS.get(letter) ?? letter).join('');
  const plain = latin
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, MOST_LETTERS - 3);
  const base = plain || otherwise;
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base}_${count}`;
    if (!(name in taken)) return name;
  }
}

/** Why a name is none for a new slot; nothing when it is fine. */
export function slotNameFault(name: string, taken: Slots): 'shape' | 'taken' | undefined {
  if (!/^[a-z][a-z0-9_]{0,31}$/.test(name)) return 'shape';
  return name in taken ? 'taken' : undefined;
}

/**
 * Fills a slot of the open flow, and says why not when it is refused. The engine knows a slot from the saved file, so what waits is
 * saved first.
 */
export async function fillSlot(slot: string, value: Json): Promise<string | undefined> {
  await flush();
  const { id } = openFlow.getState();
  try {
    const answer = await engine().call('slots.fill', { flow: id, slot, value });
    if (openFlow.getState().id === id) openFlow.setState({ slots: answer.slots });
    return undefined;
  } catch (error) {
    if (error instanceof Refused || error instanceof EngineGone) return error.message;
    throw error;
  }
}
