/** How a run stands, in a word with its colour, and the strip of the last runs. */
import { useTranslation } from 'react-i18next';
import type { RunBar, RunState } from '../bridge/index.ts';
import { Pill, type Tone } from '../kit/controls.tsx';
import { formatMoment, formatNumber } from '../kit/i18n.ts';

const tones: Record<RunState, Tone> = {
  waiting: 'plain',
  running: 'accent',
  ok: 'ok',
  partial: 'warn',
  failed: 'bad',
  cancelled: 'plain',
  asking: 'warn',
  held: 'bad',
  skipped: 'plain',
};

export function RunPill({ state }: { state: RunState }) {
  const { t } = useTranslation();
  return <Pill tone={tones[state]}>{t(`state.${state}`)}</Pill>;
}

const LOW = 5;
const HIGH = 20;

export function RunStrip({ bars }: { bars: readonly RunBar[] }) {
  const { t } = useTranslation();
  const most = Math.max(1, ...bars.map((bar) => bar.records));
  const failed = bars.filter((bar) => bar.state === 'failed').length;
  return (
    <span className="strip" role="img" aria-label={t('flows.strip', { count: bars.length, failed })}>
      {bars.map((bar) => (
        <i
          key={bar.run}
          data-state={bar.state}
          style={{ height: LOW + (HIGH - LOW) * (bar.records / most) }}
          title={`${formatMoment(bar.started_ms)} · ${t(`state.${bar.state}`)} · ${formatNumber(bar.records)}`}
        />
      ))}
    </span>
  );
}
