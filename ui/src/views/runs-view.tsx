/** The runs: newest first, by flow, state, time and business value. */
import { ListX } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine, type RunRow, type RunState } from '../bridge/index.ts';
import { Button, Pill, Select } from '../kit/controls.tsx';
import { formatMoment, formatNumber, formatSpan } from '../kit/i18n.ts';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Scroll, State } from '../kit/surfaces.tsx';
import { triggersIn } from '../kit/trigger-words.ts';
import { RunPill } from '../runs/run-state.tsx';
import { attempt, useEvents } from './events.ts';
import { go, useRoute } from './route.ts';

const STATES: readonly RunState[] = [
  'running',
  'ok',
  'partial',
  'failed',
  'asking',
  'held',
  'cancelled',
  'skipped',
];
const PAGE = 50;
const DAY_MS = 86_400_000;
/** How far back the list goes: days beside today. */
const SPANS: Record<string, number> = { today: 0, week: 6, month: 29 };

/** The midnight with which a span begins, by the clock of this window. */
function beginOf(span: string): number | undefined {
  const days = SPANS[span];
  return days === undefined ? undefined : new Date(Date.now() - days * DAY_MS).setHours(0, 0, 0, 0);
}

export function RunsView() {
  const { t } = useTranslation();
  const { id: flow } = useRoute();
  const [state, setState] = useState('all');
  const [span, setSpan] = useState('any');
  const [value, setValue] = useState('');
  const [more, setMore] = useState<{ rows: RunRow[]; cursor: string | null }>();
  const flows = useLoad(() => engine().call('flows.list', {}), '');
  const states = STATES.filter((it) => it === state);
  const ask = (cursor?: string) =>
    engine().call('runs.list', {
      flow: flow || undefined,
      states: states.length ? states : undefined,
      value: value || undefined,
      from_ms: beginOf(span),
      limit: PAGE,
      cursor,
    });
  const key = `${flow}/${state}/${span}/${value}`;
  const runs = useLoad(() => ask(), key);
  useEffect(() => setMore(undefined), [key]);
  useEvents(['run_started', 'run_ended'], runs.reload);
  const next = async (cursor: string) => {
    const page = await attempt(() => ask(cursor), t('app.engine_gone'));
    if (page) setMore({ rows: [...(more?.rows ?? []), ...page.runs], cursor: page.cursor });
  };
  return (
    <main className="screen">
      <header className="screen-head">
        <h1>{t('rail.runs')}</h1>
        <div className="filter">
          <Select
            label={t('runs.flow')}
            value={flow || 'all'}
            options={[
              { value: 'all', label: t('runs.all_flows') },
              ...(flows.value?.flows ?? []).map((row) => ({ value: row.id, label: row.name })),
            ]}
            onChange={(it) => (it === 'all' ? go('runs') : go('runs', it))}
          />
        </div>
        <div className="filter">
          <Select
            label={t('runs.state')}
            value={state}
            options={[
              { value: 'all', label: t('runs.all_states') },
              ...STATES.map((it) => ({ value: it, label: t(`state.${it}`) })),
            ]}
            onChange={setState}
          />
        </div>
        <div className="filter">
          <Select
            label={t('runs.started')}
            value={span}
            options={['any', ...Object.keys(SPANS)].map((it) => ({ value: it, label: t(`runs.span_${it}`) }))}
            onChange={setSpan}
          />
        </div>
        <input
          className="input search-runs"
          type="search"
          aria-label={t('runs.by_value')}
          placeholder={t('runs.by_value')}
          value={value}
          onChange={(event) => setValue(event.target.value)}
        />
      </header>
      <Loaded of={runs}>
        {(page) =>
          page.runs.length ? (
            <Scroll className="screen-body" label={t('rail.runs')}>
              <table className="table">
                <thead>
                  <tr>
                    <th>{t('runs.started')}</th>
                    <th>{t('runs.flow')}</th>
                    <th>{t('runs.state')}</th>
                    <th className="number">{t('runs.records')}</th>
                    <th className="number">{t('runs.failed')}</th>
                    <th className="number">{t('runs.took')}</th>
                    <th>{t('runs.why')}</th>
                  </tr>
                </thead>
                <tbody>
                  {[...page.runs, ...(more?.rows ?? [])].map((row) => (
                    <RunLine
                      key={row.run}
                      row={row}
                      trigger={flows.value?.flows.find((it) => it.id === row.flow)?.trigger}
                      onChanged={runs.reload}
                    />
                  ))}
                </tbody>
              </table>
              {(more ? more.cursor : page.cursor) ? (
                <div className="more">
                  <Button onClick={() => void next((more ? more.cursor : page.cursor) ?? '')}>
                    {t('common.show_more')}
                  </Button>
                </div>
              ) : null}
            </Scroll>
          ) : (
            <State icon={<ListX />} title={t('runs.none')}>
              {t(value ? 'runs.none_with' : 'runs.none_help')}
            </State>
          )
        }
      </Loaded>
    </main>
  );
}

interface RunLineProps {
  row: RunRow;
  /** What starts its flow, as the engine says it. */
  trigger: string | undefined;
  onChanged: () => void;
}

function RunLine({ row, trigger, onChanged }: RunLineProps) {
  const { t } = useTranslation();
  const release = async () => {
    await attempt(() => engine().call('run.release', { run: row.run }), t('app.engine_gone'));
    onChanged();
  };
  return (
    <tr>
      <td>
        <button type="button" className="list-link" onClick={() => go('flow', row.flow, row.run)}>
          {formatMoment(row.started_ms)}
        </button>
      </td>
      <td dir="auto">{row.flow_name}</td>
      <td>
        <span className="row">
          <RunPill state={row.state} />
          {row.rehearsal ? <Pill>{t('run.rehearsal')}</Pill> : null}
          {row.state === 'held' ? <Button onClick={() => void release()}>{t('runs.release')}</Button> : null}
        </span>
      </td>
      <td className="number">{formatNumber(row.records)}</td>
      <td className="number">
        {row.failed ? (
          <span className="bad">{formatNumber(row.failed)}</span>
        ) : (
          <span className="faint">–</span>
        )}
      </td>
      <td className="number">{row.ended_ms ? formatSpan(row.ended_ms - row.started_ms) : '…'}</td>
      <td className="muted note-cell">
        {row.error?.sentence ??
          (trigger && !trigger.includes(' · ')
            ? triggersIn(trigger, t)
            : t(`started_by.${row.trigger}`, { defaultValue: row.trigger }))}
      </td>
    </tr>
  );
}
