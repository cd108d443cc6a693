/** When a flow starts, in plain words, and when it starts next. */
import { useTranslation } from 'react-i18next';
import type { FlowRow } from '../bridge/index.ts';
import { formatAgo } from '../kit/i18n.ts';
import { triggersIn } from '../kit/trigger-words.ts';

export function TriggerCell({ flow, now_ms }: { flow: FlowRow; now_ms: number }) {
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
    </div>
  );
}
