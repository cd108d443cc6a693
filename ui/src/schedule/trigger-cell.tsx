/** When a flow starts, in plain words, and when it starts next. */
import { useTranslation } from 'react-i18next';
import type { FlowRow } from '../bridge/index.ts';
import { formatAgo } from '../kit/i18n.ts';
import { triggersIn } from '../kit/trigger-words.ts';

interface TriggerCellProps {
  flow: FlowRow;
  now_ms: number;
  /** Shows what became of the times at which it was due. */
  onTimes: () => void;
}

export function TriggerCell({ flow, now_ms, onTimes }: TriggerCellProps) {
  const { t } = useTranslation();
  return (
    <div>
      <div>{flow.trigger ? triggersIn(flow.trigger, t) : t('flows.no_trigger')}</div>
      <div className="faint small">
        {flow.paused ? (
          <span className="warn">{flow.paused}</span>
        ) : !flow.armed ? (
          t('flows.is_off')
        ) : flow.next_fire_ms ? (
          t('flows.next', { when: formatAgo(flow.next_fire_ms, now_ms) })
        ) : (
          t('flows.waits')
        )}
      </div>
      {flow.missed ? (
        <button type="button" className="pill" data-tone="warn" onClick={onTimes}>
          {t('times.passed', { count: flow.missed })}
        </button>
      ) : null}
    </div>
  );
}
