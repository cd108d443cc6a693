import type { TFunction } from 'i18next';
import { describe, expect, it } from 'vitest';
import { triggersIn } from './trigger-words.ts';

/** Says the key and what stands in it, so that a test sees both. */
const t = ((key: string, values: object = {}) =>
  [key, ...Object.values(values)].join(' ')) as unknown as TFunction;

describe('the triggers of a flow in words', () => {
  it.each([
    ['By hand', 'trigger.by_hand'],
    ['Web request at /hooks/orders', 'trigger.hook /hooks/orders'],
    ['At 09:00. Almaty', 'trigger.every_day 09:00 · Almaty'],
    [
      'At 09:00, on Monday, Tuesday, Wednesday, Thursday, and Friday. Almaty',
      'trigger.weekdays 09:00 · Almaty',
    ],
    ['At 07:15, on Monday and Sunday. New York', 'trigger.on_days cron.MON, cron.SUN 07:15 · New York'],
    ['At 08:30, on day 1. Almaty', 'trigger.on_date 1 08:30 · Almaty'],
    ['At every 15 minutes. Almaty', 'trigger.minutes 15 · Almaty'],
    ['At minute 0 past every hour. UTC', 'cron.hour · UTC'],
    ['Every minute. UTC', 'trigger.each_minute · UTC'],
    ['At minute 5 past every hour. UTC', 'trigger.minute 05 · UTC'],
    ['At minute 0, of every 2 hours. UTC', 'trigger.hours 2 · UTC'],
    ['At minute 0, of hour 9 and 18. Almaty', 'trigger.every_day 09:00, 18:00 · Almaty'],
    ['At minute 0 and 30, of hour 9. Almaty', 'trigger.every_day 09:00, 09:30 · Almaty'],
    [
      'At minute 0, of hour 9-17, on Monday and Friday. Almaty',
      'cron.hour, trigger.between 09:00 17:00 · cron.MON, cron.FRI · Almaty',
    ],
    [
      'At every 15 minutes, of hour 9-18, on Monday, Tuesday, Wednesday, Thursday, and Friday. Almaty',
      'trigger.minutes 15, trigger.between 09:00 18:45 · cron.weekdays · Almaty',
    ],
    ['At 08:30, on day 1 and 15. Almaty', 'trigger.on_date 1, 15 08:30 · Almaty'],
    ['At 09:00, on the last day of the month. Almaty', 'trigger.last_day 09:00 · Almaty'],
    ['At 10:15, in January. UTC', 'trigger.every_day 10:15 · January · UTC'],
    ['At 00:00, on day 1, in January. UTC', 'trigger.on_date 1 00:00 · January · UTC'],
    ['Every 90 seconds', 'trigger.seconds 90'],
    ['Every hour', 'trigger.each_hour'],
    ['Every 2 days', 'trigger.days 2'],
    ['By hand · At 09:00. UTC', 'trigger.by_hand · trigger.every_day 09:00 · UTC'],
  ])('%s is said in the language', (english, said) => {
    expect(triggersIn(english, t)).toBe(said);
  });

  it('leaves what has no simple words as the engine says it', () => {
    const odd = 'At 09:00, on the 2nd Friday of the month. Almaty';
    expect(triggersIn(odd, t)).toBe(odd);
  });
});
