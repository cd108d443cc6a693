/** The triggers of a flow in the language of the window: the engine tells them in English. */
import type { TFunction } from 'i18next';
import { monthName } from './i18n.ts';

const KNOWN: Record<string, string> = {
  'By hand': 'trigger.by_hand',
  'Called by another flow': 'trigger.called',
  'When another flow fails': 'trigger.failed',
};
const DAYS: Record<string, string> = {
  Monday: 'MON',
  Tuesday: 'TUE',
  Wednesday: 'WED',
  Thursday: 'THU',
  Friday: 'FRI',
  Saturday: 'SAT',
  Sunday: 'SUN',
};
const WORKING = 'MON TUE WED THU FRI';

/** Once in every second, minute, hour or day, or in so many of them. */
const everyIn = (count: number, unit: string, t: TFunction): string =>
  count === 1 ? t(`trigger.each_${unit}`) : t(`trigger.${unit}s`, { count });

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
/** More times a day than this are no list any more. */
const MOST_TIMES = 6;

const listIn = (words: string): string[] => words.split(/,? and |, /);
const two = (part: string | number): string => String(part).padStart(2, '0');

/** Hours of a schedule: one, or from one to another. */
type Hours = readonly [from: string, to: string];

function hoursIn(words: string): Hours[] | undefined {
  const parts = listIn(words).map((part) => /^(\d+)(?:-(\d+))?$/.exec(part));
  if (parts.some((part) => !part)) return undefined;
  return parts.map((part) => [part?.[1] ?? '', part?.[2] ?? part?.[1] ?? '']);
}

/** How often: within which hours, where it is not the whole day. */
function oftenIn(first: string, hours: string | undefined, t: TFunction): string | undefined {
  const every = Number(/^At every (\d+) minutes$/.exec(first)?.[1] ?? (first === 'Every minute' ? 1 : 0));
  const minute = /^At minute (\d+)(?: past every hour)?$/.exec(first)?.[1];
  const steps = /^every (\d+) hours$/.exec(hours ?? '')?.[1];
  if (!every && minute === undefined) return undefined;
  const hourly = Number(minute) ? t('trigger.minute', { minute: two(minute ?? '') }) : t('cron.hour');
  const often = every ? everyIn(every, 'minute', t) : hourly;
  if (hours === undefined) return often;
  if (steps) return every || Number(minute) ? undefined : everyIn(Number(steps), 'hour', t);
  const last = every ? Math.floor(59 / every) * every : (minute ?? 0);
  const between = hoursIn(hours)?.map(([from, to]) =>
    t('trigger.between', { from: `${two(from)}:${two(minute ?? 0)}`, to: `${two(to)}:${two(last)}` }),
  );
  return between && [often, ...between].join(', ');
}

/** The times of day of a schedule that has few of them. */
function clockIn(first: string, hours: string | undefined): string | undefined {
  const time = /^At (\d\d:\d\d)$/.exec(first)?.[1];
  if (time) return time;
  const minutes = /^At minute ([\d, and]+)$/.exec(first)?.[1];
  if (!minutes || !hours) return undefined;
  const parts = hoursIn(hours);
  if (!parts || parts.some(([from, to]) => from !== to)) return undefined;
  const times = parts.flatMap(([hour]) => listIn(minutes).map((minute) => `${two(hour)}:${two(minute)}`));
  return times.length > MOST_TIMES ? undefined : times.join(', ');
}

/** The times of a schedule in words; what is said in no simple way stays as the engine says it. */
function timesIn(times: string, t: TFunction): string | undefined {
  const [, first = '', hours, on, months] =
    /^(At \d\d:\d\d|At every \d+ minutes|At minute [\d, and]+(?: past every hour)?|Every minute)(?:, of (?:hour )?([\d, and-]+|every \d+ hours))?(?:, on (.+?))?(?:, in (.+))?$/.exec(
      times,
    ) ?? [];
  const time = clockIn(first, hours);
  const often = time ? undefined : oftenIn(first, hours, t);
  if (!time && !often) return undefined;
  const said = (key: string, values: object, days: string) =>
    time ? t(`trigger.${key}`, { ...values, time }) : `${often} · ${days}`;
  const date = /^day ([\d, and]+)$/.exec(on ?? '')?.[1];
  const codes = listIn(on ?? '').map((day) => DAYS[day]);
  let words: string | undefined;
  if (!on) words = time ? t('trigger.every_day', { time }) : often;
  else if (date && time) words = t('trigger.on_date', { date: listIn(date).join(', '), time });
  else if (on === 'the last day of the month' && time) words = t('trigger.last_day', { time });
  else if (codes.join(' ') === WORKING) words = said('weekdays', {}, t('cron.weekdays'));
  else if (codes.every(Boolean)) {
    const days = codes.map((code) => t(`cron.${code}`)).join(', ');
    words = said('on_days', { days }, days);
  }
  if (!months || !words) return words;
  const numbers = listIn(months).map((month) => MONTHS.indexOf(month));
  return numbers.includes(-1) ? undefined : [words, ...numbers.map(monthName)].join(' · ');
}

export function triggersIn(words: string, t: TFunction): string {
  return words
    .split(' · ')
    .map((trigger) => {
      const known = KNOWN[trigger];
      if (known) return t(known);
      const path = /^Web request at (\S+)$/.exec(trigger)?.[1];
      if (path) return t('trigger.hook', { path });
      const [, count = '1', unit = ''] = /^Every (?:(\d+) )?(second|minute|hour|day)s?$/.exec(trigger) ?? [];
      if (unit) return everyIn(Number(count), unit, t);
      const [, times = '', city = ''] = /^((?:At|Every) .+)\. (.+)$/.exec(trigger) ?? [];
      const said = timesIn(times, t);
      return said ? `${said} · ${city}` : trigger;
    })
    .join(' · ');
}
