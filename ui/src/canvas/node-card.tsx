/** A node on the canvas: what it is, what it does, and after a run what it did. */
import { Handle, type NodeProps, Position, useStore as useCanvas } from '@xyflow/react';
import { Ban, CircleAlert, CornerDownRight, Repeat2, TriangleAlert } from 'lucide-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { NodeCounts } from '../bridge/index.ts';
import { live } from '../document/live.ts';
import { type Ports, summaryOf } from '../document/select.ts';
import { openFlow } from '../document/store.ts';
import { KindBadge } from '../kit/glyph.tsx';
import { formatNumber, formatSpan } from '../kit/i18n.ts';
import { triggersIn } from '../kit/trigger-words.ts';
import { type CardFace, type CardNode, portTop } from './shape.ts';

/** Below this zoom only the title of a card can be read, and is written large. */
const FAR = 0.4;
/** Below this zoom nothing can be read, and a plain box is drawn. */
const BLANK = 0.2;
/** Below this zoom the names of ports lie over one another. */
const CROWDED = 0.65;

function Side({
  names,
  side,
  hasLabels,
}: {
  names: readonly string[];
  side: 'in' | 'out';
  hasLabels: boolean;
}) {
  const { t } = useTranslation();
  return names.map((name, index) => (
    <Handle
      key={name}
      id={name}
      type={side === 'in' ? 'target' : 'source'}
      position={side === 'in' ? Position.Left : Position.Right}
      className="port"
      data-error={name === 'error' || undefined}
      style={{ top: portTop(index, names.length) }}
    >
      {hasLabels && names.length > 1 ? (
        <span className="port-label">
          {t(`portname.${name}`, { defaultValue: name.replaceAll('_', ' ') })}
        </span>
      ) : null}
    </Handle>
  ));
}

function Counts({ counts, ports }: { counts: NodeCounts; ports: Ports }) {
  const { t } = useTranslation();
  const isFirst = ports.inputs.length === 0 || counts.records_in <= 1;
  const main =
    isFirst || ports.outputs.length === 0
      ? Math.max(counts.records_out, ports.outputs.length ? 0 : counts.records_in)
      : counts.records_out;
  return (
    <>
      <span>
        <b>{formatNumber(main)}</b> {t('card.records', { count: main })}
      </span>
      {counts.failed ? (
        <span className="bad">
          {t('card.failed', { count: counts.failed, n: formatNumber(counts.failed) })}
        </span>
      ) : null}
      {counts.parked ? <span className="warn">{t('card.parked', { count: counts.parked })}</span> : null}
      {counts.busy_ms === null ? null : <span className="card-end">{formatSpan(counts.busy_ms)}</span>}
    </>
  );
}

const EFFECTS: Record<string, string> = {
  transactional: 'once',
  idempotent: 'keyed',
  ambiguous: 'may_repeat',
};

/** What is to be known before a run: whether it may be done twice, whether it is tried again, whether its failures lead on. */
function Badges({ node, facts, isErrorWired }: Pick<CardFace, 'node' | 'facts' | 'isErrorWired'>) {
  const { t } = useTranslation();
  const effect = EFFECTS[facts?.effect ?? ''];
  const isRetried = Boolean(node.policy?.retry && node.policy.retry !== 'never');
  if (!effect && !isRetried && !isErrorWired) return null;
  return (
    <div className="card-badges">
      {effect ? (
        <span
          className="card-badge"
          data-tone={effect === 'may_repeat' ? 'warn' : undefined}
          title={t(`effect.${effect}_help`)}
        >
          {t(`effect.${effect}`)}
        </span>
      ) : null}
      {isRetried ? (
        <span className="card-badge" role="img" title={t('card.retries')} aria-label={t('card.retries')}>
          <Repeat2 />
        </span>
      ) : null}
      {isErrorWired ? (
        <span
          className="card-badge"
          data-tone="bad"
          role="img"
          title={t('card.error_wired')}
          aria-label={t('card.error_wired')}
        >
          <CornerDownRight />
        </span>
      ) : null}
    </div>
  );
}

function Foot({ id, ports, isOff }: { id: string; ports: Ports; isOff: boolean }) {
  const { t } = useTranslation();
  const counts = useStore(live, (state) => state.counts.nodes[id]);
  const problem = useStore(openFlow, (state) => state.worst.get(id));
  if (isOff)
    return (
      <div className="card-foot">
        <Ban /> {t('card.off')}
      </div>
    );
  if (problem) {
    const isBad = problem.severity === 'error';
    return (
      <div className="card-foot" title={problem.sentence}>
        {isBad ? <CircleAlert className="bad" /> : <TriangleAlert className="warn" />}
        <span className={`ellipsis ${isBad ? 'bad' : 'warn'}`}>{problem.sentence}</span>
      </div>
    );
  }
  return (
    <div className="card-foot">
      {counts ? (
        counts.state === 'running' ? (
          <span className="accent">{t('card.running')}</span>
        ) : (
          <Counts counts={counts} ports={ports} />
        )
      ) : (
        <span>{t('card.not_run')}</span>
      )}
    </div>
  );
}

function Card({ id, data, selected }: NodeProps<CardNode>) {
  const { t } = useTranslation();
  const { node, kind, facts, isErrorWired, ports } = data;
  const isFar = useCanvas((state) => state.transform[2] < FAR);
  const isBlank = useCanvas((state) => state.transform[2] < BLANK);
  const isCrowded = useCanvas((state) => state.transform[2] < CROWDED);
  const state = useStore(live, (it) => it.counts.nodes[id]?.state);
  const isBroken = useStore(openFlow, (it) => it.worst.get(id)?.severity === 'error');
  const contract = facts?.contract ?? kind?.contract ?? 'unknown';
  const told = facts?.summary && contract === 'trigger' ? triggersIn(facts.summary, t) : facts?.summary;
  const title = node.title || kind?.title || node.kind;
  const line = told || summaryOf(node, kind);
  return (
    <div
      className="card"
      data-state={isBroken ? 'broken' : state}
      data-off={node.disabled || undefined}
      data-selected={selected || undefined}
      data-far={isFar || undefined}
    >
      <Side names={ports.inputs} side="in" hasLabels={!isCrowded} />
      {isFar ? (
        <div className="card-far" data-contract={contract} data-blank={isBlank || undefined}>
          {isBlank ? null : <span dir="auto">{title}</span>}
        </div>
      ) : (
        <>
          <Badges node={node} facts={facts} isErrorWired={isErrorWired} />
          <div className="card-head">
            <KindBadge kind={node.kind} contract={contract} />
            <div className="card-words">
              <div className="card-title ellipsis" dir="auto">
                {title}
              </div>
              <div className="card-line ellipsis" dir="auto">
                {line === title ? '' : line}
              </div>
            </div>
          </div>
          <Foot id={id} ports={ports} isOff={Boolean(node.disabled)} />
        </>
      )}
      <Side names={ports.outputs} side="out" hasLabels={!isCrowded} />
    </div>
  );
}

export const NodeCard = memo(Card);
