/** The schedule: common times by choice, any other as five fields, and the next five times in the zone it is read in. */
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { EngineGone, engine, Refused, type ScheduleTimes } from '../../bridge/index.ts';
import { openFlow } from '../../document/store.ts';
import { Select } from '../../kit/controls.tsx';
import { formatStamp } from '../../kit/i18n.ts';
import { UTC, zoneName } from '../../kit/zone.tsx';
import { textOf, type WidgetProps } from './types.ts';

type Rhythm = 'quarter' | 'hour' | 'day' | 'weekdays' | 'week' | 'month' | 'own';
const RHYTHMS: readonly Rhythm[] = ['quarter', 'hour', 'day', 'weekdays', 'week', 'month', 'own'];
const DAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'];

interface Shape {
  rhythm: Rhythm;
  time: string;
  day: string;
}

const clock = (hour: string, minute: string) => `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;

function read(cron: string): Shape {
  const plainTime = /^(\d{1,2}) (\d{1,2}) (\S+) (\S+) (\S+)$/.exec(cron.trim());
  if (cron.trim() === '*/15 * * * *') return { rhythm: 'quarter', time: '09:00', day: 'MON' };
  if (/^0 \* \* \* \*$/.test(cron.trim())) return { rhythm: 'hour', time: '09:00', day: 'MON' };
  const [, minute = '0', hour = '9', date = '', month = '', weekday = ''] = plainTime ?? [];
  const time = clock(hour, minute);
  if (!plainTime || month !== '*') return { rhythm: 'own', time: '09:00', day: 'MON' };
  if (date === '*' && weekday === '*') return { rhythm: 'day', time, day: 'MON' };
  if (date === '*' && weekday === 'MON-FRI') return { rhythm: 'weekdays', time, day: 'MON' };
  if (date === '*' && DAYS.includes(weekday)) return { rhythm: 'week', time, day: weekday };
  if (date === '1' && weekday === '*') return { rhythm: 'month', time, day: 'MON' };
  return { rhythm: 'own', time, day: 'MON' };
}

function write({ rhythm, time, day }: Shape, own: string): string {
  const [hour, minute] = time.split(':').map(Number);
  const at = `${minute ?? 0} ${hour ?? 9}`;
  switch (rhythm) {
    case 'quarter':
      return '*/15 * * * *';
    case 'hour':
      return '0 * * * *';
    case 'day':
      return `${at} * * *`;
    case 'weekdays':
      return `${at} * * MON-FRI`;
    case 'week':
      return `${at} * * ${day}`;
    case 'month':
      return `${at} 1 * *`;
    case 'own':
      return own;
  }
}

export function CronWidget({ field, value, onChange, config }: WidgetProps) {
  const { t } = useTranslation();
  const cron = textOf(value);
  const flowZone = useStore(openFlow, (state) => state.history.doc.zone);
  const zone = textOf(config?.zone) || flowZone || UTC;
  const [isOwn, setOwn] = useState(false);
  const [times, setTimes] = useState<ScheduleTimes>();
  const [bad, setBad] = useState('');
  const shape = read(cron);
  const rhythm = isOwn ? 'own' : cron ? shape.rhythm : 'weekdays';
  useEffect(() => {
    let isStale = false;
    if (!cron) return setTimes(undefined);
    engine()
      .call('schedule.next', { cron, zone })
      .then(
        (answer) => {
          if (isStale) return;
          setTimes(answer);
          setBad('');
        },
        (error: unknown) => {
          if (isStale || error instanceof EngineGone) return;
          setTimes(undefined);
          setBad(error instanceof Refused ? error.message : String(error));
        },
      );
    return () => {
      isStale = true;
    };
  }, [cron, zone]);
  const choose = (next: Partial<Shape>) => {
    setOwn(next.rhythm === 'own');
    onChange(write({ ...shape, ...next }, cron || '0 9 * * MON-FRI'));
  };
  return (
    <div className="stack">
      <Select
        label={field.label}
        value={rhythm}
        options={RHYTHMS.map((it) => ({ value: it, label: t(`cron.${it}`) }))}
        onChange={(it) => choose({ rhythm: RHYTHMS.find((name) => name === it) ?? 'own' })}
      />
      {rhythm === 'week' ? (
        <Select
          label={t('cron.day_of_week')}
          value={shape.day}
          options={DAYS.map((day) => ({ value: day, label: t(`cron.${day}`) }))}
          onChange={(day) => choose({ rhythm, day })}
        />
      ) : null}
      {['day', 'weekdays', 'week', 'month'].includes(rhythm) ? (
        <input
          className="input"
          type="time"
          aria-label={t('cron.time')}
          value={shape.time}
          onChange={(event) => event.target.value && choose({ rhythm, time: event.target.value })}
        />
      ) : null}
      {rhythm === 'own' ? (
        <input
          className="input mono"
          aria-label={t('cron.expression')}
          value={cron}
          onChange={(event) => onChange(event.target.value || undefined)}
        />
      ) : null}
      {bad ? <div className="field-bad">{bad}</div> : null}
      {times ? (
        <div className="next-times">
          <div className="faint">{t('cron.next', { zone: zoneName(zone) })}</div>
          <ol>
            {times.next.map((time) => (
              <li key={time.at_ms}>{formatStamp(time.local)}</li>
            ))}
          </ol>
        </div>
      ) : null}
    </div>
  );
}
