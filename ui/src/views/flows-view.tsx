/** The flows: a row each with its switch, trigger, last runs and what it moved. */
import { EllipsisVertical, LayoutGrid, Plus, Search, Upload, Waypoints } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine, type FlowRow } from '../bridge/index.ts';
import { Button, Pill, Switch } from '../kit/controls.tsx';
import { formatNumber } from '../kit/i18n.ts';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Menu, Scroll, State, say } from '../kit/surfaces.tsx';
import { RunStrip } from '../runs/run-state.tsx';
import { TriggerCell } from '../schedule/trigger-cell.tsx';
import { attempt, useEvents } from './events.ts';
import { ImportButton } from './import-sheet.tsx';
import { useLeave } from './leave.tsx';
import { download, newFlow } from './new-flow.ts';
import { go } from './route.ts';
import { TimesDialog } from './times-dialog.tsx';

export function FlowsView() {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const flows = useLoad(() => engine().call('flows.list', search ? { search } : {}), search);
  useEvents(['flow_changed', 'run_ended', 'inbox_changed'], flows.reload);
  return (
    <main className="screen">
      <header className="screen-head">
        <h1>{t('rail.flows')}</h1>
        <label className="search-field">
          <Search aria-hidden="true" />
          <input
            className="input"
            type="search"
            aria-label={t('flows.search')}
            placeholder={t('flows.search')}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
        <ImportButton />
        <Button look="main" onClick={() => void newFlow(t('flows.untitled'), t('app.engine_gone'))}>
          <Plus /> {t('flows.new')}
        </Button>
      </header>
      <Loaded of={flows}>
        {({ flows: rows }) =>
          rows.length ? (
            <FlowTable rows={rows} reload={flows.reload} />
          ) : search ? (
            <State icon={<Search />} title={t('flows.found_none')}>
              {t('flows.found_none_help')}
            </State>
          ) : (
            <FirstStart />
          )
        }
      </Loaded>
    </main>
  );
}

function FlowTable({ rows, reload }: { rows: FlowRow[]; reload: () => void }) {
  const { t } = useTranslation();
  const folders = [...new Set(rows.map((row) => row.folder))].sort();
  return (
    <Scroll className="screen-body" label={t('rail.flows')}>
      <table className="table flows-table">
        <thead>
          <tr>
            <th>
              <span className="visually-hidden">{t('flows.on')}</span>
            </th>
            <th>{t('flows.name')}</th>
            <th>{t('flows.starts')}</th>
            <th>{t('flows.last_runs')}</th>
            <th className="number">{t('flows.moved')}</th>
            <th>{t('flows.note')}</th>
            <th>
              <span className="visually-hidden">{t('common.more')}</span>
            </th>
          </tr>
        </thead>
        {folders.map((folder) => (
          <tbody key={folder}>
            {folders.length > 1 || folder ? (
              <tr className="folder-row">
                <th colSpan={7} scope="rowgroup">
                  {folder || t('flows.no_folder')}
                </th>
              </tr>
            ) : null}
            {rows
              .filter((row) => row.folder === folder)
              .map((row) => (
                <FlowLine key={row.id} flow={row} reload={reload} />
              ))}
          </tbody>
        ))}
      </table>
    </Scroll>
  );
}

function FlowLine({ flow, reload }: { flow: FlowRow; reload: () => void }) {
  const { t } = useTranslation();
  const gone = t('app.engine_gone');
  const then = (act: () => Promise<unknown>) => void attempt(act, gone).then(reload);
  const leave = useLeave(flow.id);
  const [isTimed, setTimed] = useState(false);
  const exportFlow = async () => {
    const file = await attempt(() => engine().call('flow.export', { flow: flow.id }), gone);
    if (file) download(file.name, file.text);
  };
  return (
    <tr>
      <td>
        {leave.sheet}
        <Switch
          on={flow.armed}
          label={`${t('flows.on')}: ${flow.name}`}
          onChange={(armed) =>
            void leave
              .ask(t('trust.allow_on'), async () => {
                const answer = await engine().call('flow.arm', { flow: flow.id, armed });
                if (answer.held_back.length) say(t('cases.held_back'), 'bad');
              })
              .then(reload)
          }
        />
      </td>
      <td>
        <button type="button" className="list-link" dir="auto" onClick={() => go('flow', flow.id)}>
          {flow.name}
        </button>
        <div className="row wrap small">
          {flow.errors ? <Pill tone="bad">{t('flows.errors', { count: flow.errors })}</Pill> : null}
          {flow.open_slots ? (
            <Pill tone="warn">{t('flows.open_slots', { count: flow.open_slots })}</Pill>
          ) : null}
          {flow.failed ? (
            <button type="button" className="pill" data-tone="bad" onClick={() => go('failed')}>
              {t('card.failed', { count: flow.failed, n: formatNumber(flow.failed) })}
            </button>
          ) : null}
        </div>
      </td>
      <td>
        <TriggerCell flow={flow} now_ms={Date.now()} onTimes={() => setTimed(true)} />
        {isTimed ? <TimesDialog flow={flow.id} name={flow.name} onClose={() => setTimed(false)} /> : null}
      </td>
      <td>
        {flow.last_runs.length ? (
          <RunStrip bars={flow.last_runs} />
        ) : (
          <span className="faint">{t('flows.never_run')}</span>
        )}
      </td>
      <td className="number">
        {flow.records_moved ? formatNumber(flow.records_moved) : <span className="faint">–</span>}
      </td>
      <td className="muted note-cell" dir="auto">
        <div className="note-lines" title={flow.note}>
          {flow.note}
        </div>
      </td>
      <td className="number">
        <Menu
          trigger={
            <button
              type="button"
              className="button"
              data-look="icon"
              aria-label={`${t('common.more')}: ${flow.name}`}
            >
              <EllipsisVertical />
            </button>
          }
          entries={[
            {
              label: t('run.run'),
              onChoose: () =>
                void leave.ask(t('trust.allow_run'), () =>
                  engine().call('run.start', { flow: flow.id, rehearse: false }),
                ),
            },
            { label: t('flows.runs_of'), onChoose: () => go('runs', flow.id) },
            { label: t('times.title'), onChoose: () => setTimed(true) },
            { label: t('flows.export'), onChoose: () => void exportFlow() },
            'line',
            {
              label: t('common.delete'),
              onChoose: () =>
                confirm(t('flows.delete_sure', { name: flow.name })) &&
                then(() => engine().call('flow.delete', { flow: flow.id })),
            },
          ]}
        />
      </td>
    </tr>
  );
}

/** The first five minutes: three ways in. */
function FirstStart() {
  const { t } = useTranslation();
  return (
    <div className="first">
      <svg className="logo" viewBox="0 0 24 24" aria-hidden="true">
        <path d="M4 19 12 4l8 15M8 15c3-3 5-3 8 0" />
      </svg>
      <h2>{t('first.title')}</h2>
      <p className="muted">{t('first.words')}</p>
      <div className="choices">
        <button type="button" className="choice" onClick={() => go('gallery')}>
          <LayoutGrid />
          <b>{t('first.gallery')}</b>
          <span>{t('first.gallery_words')}</span>
        </button>
        <ImportButton
          choice={
            <>
              <Upload />
              <b>{t('first.import')}</b>
              <span>{t('first.import_words')}</span>
            </>
          }
        />
        <button
          type="button"
          className="choice"
          onClick={() => void newFlow(t('flows.untitled'), t('app.engine_gone'))}
        >
          <Waypoints />
          <b>{t('first.empty')}</b>
          <span>{t('first.empty_words')}</span>
        </button>
      </div>
    </div>
  );
}
