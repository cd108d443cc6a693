/** The times at which a flow was due by the clock, and what became of each: none passes silently. */
import { CalendarClock } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type DueOutcome, type DueTime, engine } from '../bridge/index.ts';
import { Button, Pill, type Tone } from '../kit/controls.tsx';
import { formatMoment } from '../kit/i18n.ts';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Dialog, Scroll, State } from '../kit/surfaces.tsx';
import { attempt } from './events.ts';
import { go } from './route.ts';

const tones: Record<DueOutcome, Tone> = { fired: 'ok', merged: 'accent', skipped: 'warn', missed: 'bad' };
/** A run that was started later than this was caught up, milliseconds. */
const LATE_MS = 60_000;

export function TimesDialog({ flow, name, onClose }: { flow: string; name: string; onClose: () => void }) {
  const { t } = useTranslation();
  const newest = useLoad(() => engine().call('flow.times', { flow }), flow);
  const [earlier, setEarlier] = useState<{ times: DueTime[]; more: boolean }>();
  const more = async (before_ms: number) => {
    const page = await attempt(() => engine().call('flow.times', { flow, before_ms }), t('app.engine_gone'));
    if (page) setEarlier((had) => ({ times: [...(had?.times ?? []), ...page.times], more: page.more }));
  };
  return (
    <Dialog
      title={`${t('times.title')}: ${name}`}
      closeLabel={t('common.close')}
      onClose={onClose}
      size="wide"
    >
      <Loaded of={newest}>
        {(first) => {
          const times = [...first.times, ...(earlier?.times ?? [])];
          const last = times.at(-1);
          if (!last)
            return (
              <State icon={<CalendarClock />} title={t('times.none')}>
                {t('times.none_help')}
              </State>
            );
          return (
            <>
              <Scroll className="dialog-rows" label={t('times.title')}>
                <TimesTable flow={flow} times={times} />
              </Scroll>
              {(earlier ?? first).more ? (
                <Button onClick={() => void more(last.due_ms)}>{t('times.earlier')}</Button>
              ) : null}
            </>
          );
        }}
      </Loaded>
    </Dialog>
  );
}

function TimesTable({ flow, times }: { flow: string; times: readonly DueTime[] }) {
  const { t } = useTranslation();
  const hasSeveral = new Set(times.map((it) => it.node)).size > 1;
  return (
    <table className="table">
      <thead>
        <tr>
          <th>{t('times.due')}</th>
          {hasSeveral ? <th>{t('times.start')}</th> : null}
          <th>{t('times.outcome')}</th>
          <th>
            <span className="visually-hidden">{t('times.run')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {times.map((it, index) => (
          <tr key={`${it.node} ${it.due_ms}`}>
            <td>{formatMoment(it.due_ms)}</td>
            {hasSeveral ? <td dir="auto">{it.title}</td> : null}
            <td>
              <Pill tone={tones[it.outcome]}>{t(`times.${it.outcome}`)}</Pill>
              {times[index - 1]?.outcome === it.outcome && it.outcome !== 'fired' ? null : (
                <span className="faint small why">{reason(it, t)}</span>
              )}
            </td>
            <td className="number">
              {it.run ? (
                <Button look="quiet" onClick={() => it.run && go('flow', flow, it.run)}>
                  {t('times.run')}
                </Button>
              ) : null}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function reason(it: DueTime, t: (key: string, values?: Record<string, string>) => string): string {
  if (it.outcome !== 'fired') return t(`times.${it.outcome}_help`);
  return it.decided_ms - it.due_ms > LATE_MS ? t('times.late', { when: formatMoment(it.decided_ms) }) : '';
}
