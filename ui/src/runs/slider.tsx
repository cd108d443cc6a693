/** Steps through a run that has ended: at each point the canvas shows what was known. */
import { CircleAlert, Square } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { engine } from '../bridge/index.ts';
import { isRunning, live, slideTo } from '../document/live.ts';
import { Button } from '../kit/controls.tsx';
import { formatSpan, formatTime } from '../kit/i18n.ts';
import { RunPill } from './run-state.tsx';

const LONG_MS = 3000;
const SURE = 0.03;

export function RunSlider() {
  const { t } = useTranslation();
  const row = useStore(live, (state) => state.row);
  const snapshots = useStore(live, (state) => state.snapshots);
  const at = useStore(live, (state) => state.at);
  const done = useStore(live, (state) => state.done);
  if (!row) return null;
  if (isRunning(row)) {
    const since_ms = Date.now() - row.started_ms;
    // a guess by the last run: told once it is worth reading, and in whole seconds
    const isTold = done !== undefined && done >= SURE && since_ms >= LONG_MS;
    const left_ms = isTold ? Math.ceil((since_ms * (1 - done)) / done / 1000) * 1000 : undefined;
    return (
      <div className="slider-box" role="status">
        <span>{t('run.running')}</span>
        <progress value={done} max={1} aria-label={t('run.running')} />
        {left_ms === undefined ? null : (
          <span className="muted">{t('run.left', { left: formatSpan(left_ms) })}</span>
        )}
        <Button look="quiet" onClick={() => void engine().call('run.cancel', { run: row.run })}>
          <Square /> {t('run.cancel')}
        </Button>
      </div>
    );
  }
  if (row.ended_ms === null) {
    return (
      <div className="slider-box">
        <span className="muted">{t('run.of', { time: formatTime(row.started_ms) })}</span>
        <RunPill state={row.state} />
      </div>
    );
  }
  if (snapshots.length < 2) {
    const took_ms = (row.ended_ms ?? row.started_ms) - row.started_ms;
    return (
      <div className="slider-box">
        <span className="muted">{t('run.of', { time: formatTime(row.started_ms) })}</span>
        <span className="faint">{t('run.no_moments', { took: formatSpan(took_ms) })}</span>
      </div>
    );
  }
  const place = at ?? snapshots.length - 1;
  const whole = (row.ended_ms ?? row.started_ms) - row.started_ms;
  const now =
    at === undefined ? whole : Math.min(whole, (snapshots[at]?.at_ms ?? row.started_ms) - row.started_ms);
  return (
    <div className="slider-box">
      <span className="muted">{t('run.of', { time: formatTime(row.started_ms) })}</span>
      <input
        type="range"
        min={0}
        max={snapshots.length - 1}
        value={place}
        aria-label={t('run.slider')}
        aria-valuetext={formatSpan(now)}
        onChange={(event) =>
          slideTo(
            Number(event.target.value) === snapshots.length - 1 ? undefined : Number(event.target.value),
          )
        }
      />
      <span className="muted">{t('run.moment', { now: formatSpan(now), whole: formatSpan(whole) })}</span>
    </div>
  );
}

/** Why the run that is shown failed, and the node where it did. */
export function RunError({ onReveal }: { onReveal: (node: string) => void }) {
  const { t } = useTranslation();
  const row = useStore(live, (state) => state.row);
  const node = useStore(
    live,
    (state) => Object.entries(state.counts.nodes).find(([, counts]) => counts.state === 'failed')?.[0],
  );
  if (!row?.error || isRunning(row)) return null;
  return (
    <div className="run-error" role="status">
      <CircleAlert className="bad" />
      <span>{row.error.sentence}</span>
      {node ? (
        <Button look="quiet" onClick={() => onReveal(node)}>
          {t('run.show_node')}
        </Button>
      ) : null}
    </div>
  );
}
