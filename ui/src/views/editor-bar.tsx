/** The bar over the canvas: name, saving, last run, rehearse, run, on and off. */
import { EllipsisVertical, Play, Square } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { engine } from '../bridge/index.ts';
import { cleanName } from '../document/flow.ts';
import { isRunning, live } from '../document/live.ts';
import type { Kinds } from '../document/select.ts';
import { behind, change, flush, keepMine, openFlow, takeTheirs } from '../document/store.ts';
import { Button, Pill, Switch, type Tone } from '../kit/controls.tsx';
import { formatMoment, formatNumber } from '../kit/i18n.ts';
import { Menu } from '../kit/surfaces.tsx';
import { RunPill } from '../runs/run-state.tsx';
import { CasesDialog } from './cases-dialog.tsx';
import { attempt } from './events.ts';
import { FlowDialog } from './flow-dialog.tsx';
import { download } from './new-flow.ts';
import { RehearsalDialog } from './rehearsal-dialog.tsx';
import { go } from './route.ts';
import { SlotsDialog } from './slots-dialog.tsx';
import { TrustSheet } from './trust-sheet.tsx';
import { VersionsDialog } from './versions-dialog.tsx';

const savingTones = {
  saved: 'plain',
  waiting: 'plain',
  saving: 'plain',
  offline: 'warn',
  conflict: 'bad',
  refused: 'bad',
} as const;

interface EditorBarProps {
  id: string;
  kinds: Kinds;
  onProblems: () => void;
  onRun: () => void;
  onArm: (armed: boolean) => void;
  onHelp: () => void;
}

export function EditorBar({ id, kinds, onProblems, onRun, onArm, onHelp }: EditorBarProps) {
  const { t } = useTranslation();
  const gone = t('app.engine_gone');
  const [sheet, setSheet] = useState<'settings' | 'slots' | 'versions' | 'cases' | 'trust' | 'rehearsal'>();
  const [grants, setGrants] = useState<Parameters<typeof TrustSheet>[0]['start']>();
  const name = useStore(openFlow, (state) => state.history.doc.name);
  const folder = useStore(openFlow, (state) => state.folder);
  const armed = useStore(openFlow, (state) => state.armed);
  const errors = useStore(openFlow, (state) => state.problems.filter((it) => it.severity === 'error').length);
  const row = useStore(live, (state) => state.row);
  const close = () => setSheet(undefined);
  const exportFlow = async () => {
    await flush();
    const file = await attempt(() => engine().call('flow.export', { flow: id }), gone);
    if (file) download(file.name, file.text);
  };
  const trust = async () => {
    const answer = await attempt(() => engine().call('grants.list', { flow: id }), gone);
    if (!answer) return;
    setGrants({ authority: answer.authority, slots: [...openFlow.getState().slots] });
    setSheet('trust');
  };
  return (
    <header className="editor-bar">
      <button type="button" className="crumb" onClick={() => go('flows')}>
        {folder || t('rail.flows')} /
      </button>
      <input
        className="name-input"
        dir="auto"
        aria-label={t('editor.name')}
        value={name}
        onChange={(event) =>
          change({ type: 'flow.set', fields: { name: cleanName(event.target.value) } }, 'name')
        }
      />
      <SavingPill />
      <BehindPill onLive={() => onArm(true)} />
      <LastRunPill />
      {errors ? (
        <button type="button" className="pill" data-tone="bad" onClick={onProblems}>
          {t('flows.errors', { count: errors })}
        </button>
      ) : null}
      <span className="spacer" />
      <Menu
        trigger={
          <button type="button" className="button" data-look="icon" aria-label={t('common.more')}>
            <EllipsisVertical />
          </button>
        }
        entries={[
          { label: t('editor.versions'), onChoose: () => setSheet('versions') },
          { label: t('editor.cases'), onChoose: () => setSheet('cases') },
          { label: t('editor.trust'), onChoose: () => void trust() },
          { label: t('editor.settings'), onChoose: () => setSheet('settings') },
          { label: t('editor.slots'), onChoose: () => setSheet('slots') },
          { label: t('flows.runs_of'), onChoose: () => go('runs', id) },
          'line',
          { label: t('flows.export'), onChoose: () => void exportFlow() },
          { label: t('keys.title'), keys: '?', onChoose: onHelp },
        ]}
      />
      <Button onClick={() => setSheet('rehearsal')}>{t('run.rehearse')}</Button>
      {row && isRunning(row) ? (
        <Button
          look="main"
          onClick={() => void attempt(() => engine().call('run.cancel', { run: row.run }), gone)}
        >
          <Square /> {t('run.cancel')}
        </Button>
      ) : (
        <Button look="main" onClick={onRun}>
          <Play fill="currentColor" /> {t('run.run')}
        </Button>
      )}
      <span className="muted on-word">{armed ? t('flows.on') : t('flows.off')}</span>
      <Switch on={armed} label={t('flows.on')} onChange={onArm} />
      {sheet === 'settings' ? <FlowDialog onClose={close} /> : null}
      {sheet === 'slots' ? <SlotsDialog onClose={close} /> : null}
      {sheet === 'versions' ? <VersionsDialog flow={id} kinds={kinds} onClose={close} /> : null}
      {sheet === 'cases' ? (
        <CasesDialog flow={id} run={row?.run} onLiveAnyway={close} onClose={close} />
      ) : null}
      {sheet === 'rehearsal' ? <RehearsalDialog flow={id} onClose={close} /> : null}
      {sheet === 'trust' && grants ? (
        <TrustSheet flow={id} name={name} start={grants} onClose={close} onDone={close} />
      ) : null}
    </header>
  );
}

function SavingPill() {
  const { t } = useTranslation();
  const saving = useStore(openFlow, (state) => state.saving);
  const version = useStore(openFlow, (state) => state.version);
  const refusal = useStore(openFlow, (state) => state.refusal);
  if (saving === 'conflict') {
    return (
      <span className="row">
        <Pill tone="bad">{t('saving.conflict')}</Pill>
        <Button look="quiet" onClick={() => void keepMine()}>
          {t('saving.keep_mine')}
        </Button>
        <Button look="quiet" onClick={() => void takeTheirs()}>
          {t('saving.take_theirs')}
        </Button>
      </span>
    );
  }
  return (
    <span role="status" title={refusal} className="saving">
      <Pill tone={savingTones[saving]}>
        {saving === 'refused' ? refusal : t(`saving.${saving}`, { version })}
      </Pill>
    </span>
  );
}

/** A flow that is on goes on as it was until a change is made live: told, with the way to do it. */
function BehindPill({ onLive }: { onLive: () => void }) {
  const { t } = useTranslation();
  const version = useStore(openFlow, behind);
  if (version === undefined) return null;
  return (
    <span className="row behind">
      <Pill tone="warn">{t('editor.behind', { version })}</Pill>
      <Button onClick={onLive}>{t('editor.make_live')}</Button>
    </span>
  );
}

function LastRunPill() {
  const { t } = useTranslation();
  const row = useStore(live, (state) => state.row);
  if (!row || isRunning(row)) return null;
  const tone: Tone =
    row.state === 'ok' ? 'ok' : row.state === 'failed' ? 'bad' : row.state === 'partial' ? 'warn' : 'plain';
  const failed = row.failed
    ? `, ${t('card.failed', { count: row.failed, n: formatNumber(row.failed) })}`
    : '';
  // how it ended is told by the colour; that it waits for somebody, or did nothing, by a word
  const isTold = row.state === 'held' || row.state === 'asking' || row.state === 'skipped';
  return (
    <span className="last-run row" title={row.error?.sentence}>
      {isTold ? <RunPill state={row.state} /> : null}
      {row.state === 'held' ? (
        <Button
          onClick={() =>
            void attempt(() => engine().call('run.release', { run: row.run }), t('app.engine_gone'))
          }
        >
          {t('runs.release')}
        </Button>
      ) : null}
      {row.state === 'asking' ? (
        <Button onClick={() => go('failed')}>{t('failed.to_question')}</Button>
      ) : null}
      <Pill tone={tone}>
        {t('run.last', {
          time: formatMoment(row.started_ms),
          count: row.records,
          n: formatNumber(row.records),
        })}
        {failed}
      </Pill>
    </span>
  );
}
