/** The bottom drawer: the data into and out of the selected node, as table, JSON or schema, and the problems of the flow. */
import { Table2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { live } from '../document/live.ts';
import { openFlow } from '../document/store.ts';
import { Pill, Segments } from '../kit/controls.tsx';
import { formatNumber, formatTime } from '../kit/i18n.ts';
import { State } from '../kit/surfaces.tsx';
import { ProblemList } from './problems.tsx';
import { RecordTable } from './record-table.tsx';
import { RecordJson, RecordSchema } from './record-views.tsx';
import { useRecords } from './records.ts';

type Look = 'table' | 'json' | 'schema';

export function DataDrawer({
  view,
  onView,
  onReveal,
  onFailed,
}: {
  view: 'data' | 'problems';
  onView: (view: 'data' | 'problems') => void;
  onReveal: (node: string) => void;
  onFailed: () => void;
}) {
  const { t } = useTranslation();
  const problems = useStore(openFlow, (state) => state.problems.length);
  return (
    <section className="drawer" aria-label={t('drawer.label')}>
      {view === 'problems' ? (
        <>
          <div className="drawer-head">
            <Segments
              label={t('drawer.show')}
              value={view}
              onChange={onView}
              options={[
                { value: 'data', label: t('drawer.data') },
                { value: 'problems', label: t('drawer.problems', { count: problems }) },
              ]}
            />
          </div>
          <ProblemList onReveal={onReveal} />
        </>
      ) : (
        <NodeRecords onProblems={() => onView('problems')} onFailed={onFailed} />
      )}
    </section>
  );
}

function NodeRecords({ onProblems, onFailed }: { onProblems: () => void; onFailed: () => void }) {
  const { t } = useTranslation();
  const [side, setSide] = useState<'in' | 'out'>('out');
  const [look, setLook] = useState<Look>('table');
  const [search, setSearch] = useState('');
  const node = useStore(openFlow, (state) => (state.selected.length === 1 ? state.selected[0] : undefined));
  const title = useStore(openFlow, (state) => (node ? state.history.doc.nodes[node]?.title || node : ''));
  const problems = useStore(openFlow, (state) => state.problems.length);
  const row = useStore(live, (state) => state.row);
  const failed = useStore(live, (state) => (node ? state.counts.nodes[node]?.failed : 0) ?? 0);
  const fact = useStore(openFlow, (state) => (node ? state.facts.get(node) : undefined));
  const [chosen, setChosen] = useState({ node: '', side: '', port: '' });
  const all = (side === 'in' ? fact?.inputs : fact?.outputs) ?? [];
  const ports = all.filter((it) => it !== 'error' || failed > 0);
  const port = chosen.node === node && chosen.side === side ? chosen.port : ports[0];
  const records = useRecords({ run: row?.run, node, side, port, search });
  const isShown = node && row;
  return (
    <>
      <div className="drawer-head">
        <Segments
          label={t('drawer.side')}
          value={side}
          onChange={setSide}
          options={[
            { value: 'in', label: t('drawer.into') },
            { value: 'out', label: t('drawer.out') },
          ]}
        />
        <Segments
          label={t('drawer.look')}
          value={look}
          onChange={setLook}
          options={[
            { value: 'table', label: t('drawer.table') },
            { value: 'json', label: 'JSON' },
            { value: 'schema', label: t('drawer.schema') },
          ]}
        />
        {isShown && ports.length > 1 ? (
          <Segments
            label={t('drawer.port')}
            value={port ?? ''}
            onChange={(it) => setChosen({ node, side, port: it })}
            options={ports.map((it) => ({
              value: it,
              label: t(`portname.${it}`, { defaultValue: it.replaceAll('_', ' ') }),
            }))}
          />
        ) : null}
        {isShown ? (
          <span className="muted ellipsis">
            {t('drawer.title', {
              count: records.total,
              n: formatNumber(records.total),
              node: title,
              time: formatTime(row.started_ms),
            })}
          </span>
        ) : null}
        <span className="spacer" />
        {failed && isShown ? (
          <button type="button" className="pill" data-tone="bad" onClick={onFailed}>
            {t('card.failed', { count: failed, n: formatNumber(failed) })}
          </button>
        ) : null}
        {problems ? (
          <button type="button" className="pill" data-tone="warn" onClick={onProblems}>
            {t('drawer.problems', { count: problems })}
          </button>
        ) : null}
        {isShown && records.isCounted && !search && records.kept && records.kept < records.total ? (
          <Pill>{t('drawer.sample_only', { count: records.kept, n: formatNumber(records.kept) })}</Pill>
        ) : null}
        <input
          className="input drawer-search"
          type="search"
          aria-label={t('drawer.find')}
          placeholder={t('drawer.find')}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {!isShown ? (
        <State icon={<Table2 />} title={node ? t('drawer.no_run') : t('drawer.no_node')}>
          {t('drawer.empty_help')}
        </State>
      ) : records.error ? (
        <State icon={<Table2 />} title={t('common.not_loaded')}>
          {records.error}
        </State>
      ) : look === 'table' ? (
        <RecordTable records={records} />
      ) : look === 'json' ? (
        <RecordJson records={records} />
      ) : (
        <RecordSchema records={records} />
      )}
    </>
  );
}
