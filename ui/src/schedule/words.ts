/** The triggers of a flow in the language of the window: the engine tells them in English. */
import type { TFunction } from 'i18next';

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

/** The times of a schedule in words; what is said in no simple way stays as the engine says it. */
function timesIn(times: string, t: TFunction): string | undefined {
  const minutes = /^At every (\d+) minutes$/.exec(times)?.[1];
  if (minutes) return t('trigger.minutes', { count: Number(minutes) });
  if (times === 'At minute 0 past every hour') return t('cron.hour');
  const [, time, date, days] = /^At (\d\d:\d\d)(?:, on (?:day (\d+)|([A-Z][\w, ]+)))?$/.exec(times) ?? [];
  if (!time) return undefined;
  if (date) return t('trigger.on_date', { date, time });
  if (!days) return t('trigger.every_day', { time });
  const codes = days.split(/,? and |, /).map((day) => DAYS[day]);
  if (codes.join(' ') === WORKING) return t('trigger.weekdays', { time });
  if (codes.some((code) => !code)) return undefined;
  return t('trigger.on_days', { days: codes.map((code) => t(`cron.${code}`)).join(', '), time });
}

export function triggersIn(words: string, t: TFunction): string {
  return words
    .split(' · ')
    .map((trigger) => {
      const known = KNOWN[trigger];
      if (known) return t(known);
      const path = /^Web request at (\S+)$/.exec(trigger)?.[1];
      if (path) return t('trigger.hook', { path });
      const [, times = '', city = ''] = /^(At .+)\. (.+)$/.exec(trigger) ?? [];
      const said = timesIn(times, t);
      return said ? `${said} · ${city}` : trigger;
    })
    .join(' · ');
}
