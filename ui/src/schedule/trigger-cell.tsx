/** When a flow starts, in plain words, and when it starts next. */
import { useTranslation } from 'react-i18next';
import type { FlowRow } from '../bridge/index.ts';
import { formatAgo } from '../kit/i18n.ts';

/** The engine says these in English; the words of a schedule stay as it says them. */
const KNOWN: Record<string, string> = {
  'By hand': 'trigger.by_hand',
  'Called by another flow': 'trigger.called',
  'When another flow fails': 'trigger.failed',
};

export function TriggerCell({ flow, now_ms }: { flow: FlowRow; now_ms: number }) {
  const { t } = useTranslation();
  const inWords = (words: string): string => {
    const known = KNOWN[words];
    if (known) return t(known);
    const path = /^Web request at (\S+)$/.exec(words)?.[1];
    return path ? t('trigger.hook', { path }) : words;
  };
  return (
    <div>
      <div>{flow.trigger ? flow.trigger.split(' · ').map(inWords).join(' · ') : t('flows.no_trigger')}</div>
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
