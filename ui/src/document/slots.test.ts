import { describe, expect, it } from 'vitest';
import { emptySlot, SLOT_TYPES, slotName, slotNameFault, typeOf } from './slots.ts';

describe('slots', () => {
  it.each([
    ['Price of an order', {}, 'price_of_an_order'],
    ['Цена заказа', {}, 'tsena_zakaza'],
    ['Қойма тізімі', {}, 'koima_tizimi'],
    ['Объём', {}, 'obem'],
    ['1C ledger', {}, 'c_ledger'],
    ['ledger', { ledger: {}, ledger_2: {} }, 'ledger_3'],
    ['价格', {}, 'flow'],
    ['x'.repeat(80), {}, 'x'.repeat(29)],
  ])('%s becomes a name that is free', (wanted, taken, name) => {
    expect(slotName(wanted, taken, 'flow')).toBe(name);
    expect(slotNameFault(name, taken)).toBeUndefined();
  });

  it('names that the file refuses are told', () => {
    expect(slotNameFault('1st', {})).toBe('shape');
    expect(slotNameFault('Inbox', {})).toBe('shape');
    expect(slotNameFault('inbox', { inbox: {} })).toBe('taken');
  });

  it('a new slot has the type it was made for', () => {
    for (const type of SLOT_TYPES) expect(typeOf(emptySlot(type))).toBe(type);
  });
});
