/** The editor: bar, canvas, inspector and drawer of one flow. */
import { ReactFlowProvider } from '@xyflow/react';
import { FileQuestion, FlaskConical, Pin, PinOff, Play } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { type CaseResult, engine, type Json } from '../bridge/index.ts';
import { Canvas, type CanvasHandle, type PaletteAt } from '../canvas/canvas.tsx';
import { addNode } from '../document/actions.ts';
import { isRunning, live, showLastRun, showRun } from '../document/live.ts';
import type { Kinds } from '../document/select.ts';
import { flush, load, openFlow, redoChange, undoChange } from '../document/store.ts';
import { Inspector } from '../inspector/inspector.tsx';
import { Button } from '../kit/controls.tsx';
import { useLoad } from '../kit/load.tsx';
import { Dialog, Loading, State, say } from '../kit/surfaces.tsx';
import { NodePalette } from '../library/palette.tsx';
import { DataDrawer } from '../runs/drawer.tsx';
import { RunError, RunSlider } from '../runs/slider.tsx';
import { CasesDialog } from './cases-dialog.tsx';
import { Coach } from './coach.tsx';
import { ConnectionDialog } from './connection-dialog.tsx';
import { EditorBar } from './editor-bar.tsx';
import { attempt, useEvents } from './events.ts';
import { useLeave } from './leave.tsx';
import { go } from './route.ts';
import '@xyflow/react/dist/style.css';
import '../canvas/canvas.css';
import '../inspector/inspector.css';

interface EditorViewProps {
  id: string;
  run: string;
  kinds: Kinds;
}

export default function EditorView({ id, run, kinds }: EditorViewProps) {
  const { t } = useTranslation();
  const opened = useLoad(async () => {
    await load(id);
    await (run ? showRun(run) : showLastRun(id));
    return true;
  }, `${id}/${run}`);
  const isOpen = useStore(openFlow, (state) => state.id === id);
  useEffect(() => () => void flush(), []);
  if (opened.error)
    return (
      <main className="screen">
        <State
          icon={<FileQuestion />}
          title={t('editor.not_opened')}
          action={<Button onClick={() => go('flows')}>{t('editor.back')}</Button>}
        >
          {sentenceOf(opened.error, t)}
        </State>
      </main>
    );
  if (!opened.value || !isOpen) return <Loading label={t('common.loading')} />;
  return (
    <ReactFlowProvider>
      <Editor id={id} kinds={kinds} />
    </ReactFlowProvider>
  );
}

/** A flow this editor cannot draw is refused with a key of ours; everything else is the engine's sentence. */
const sentenceOf = (error: string, t: (key: string) => string): string =>
  ['json', 'shape', 'newer'].includes(error) ? t(`paste.${error}`) : error;

function Editor({ id, kinds }: { id: string; kinds: Kinds }) {
  const { t } = useTranslation();
  const canvas = useRef<CanvasHandle>(null);
  const [palette, setPalette] = useState<PaletteAt>();
  const [drawer, setDrawer] = useState<'data' | 'problems'>('data');
  const [connectionKind, setConnectionKind] = useState<string>();
  const [isHelp, setHelp] = useState(false);
  const [heldBack, setHeldBack] = useState<CaseResult[]>();
  const leave = useLeave(id);
  const { ask } = leave;
  const start = useCallback(
    (toNode?: string) =>
      void ask(t('trust.allow_run'), async () => {
        await flush();
        const errors = openFlow.getState().problems.filter((it) => it.severity === 'error').length;
        if (errors && !toNode) {
          setDrawer('problems');
          say(t('run.has_errors', { count: errors }), 'bad');
          return;
        }
        await engine().call('run.start', {
          flow: id,
          rehearse: false,
          to_node: toNode,
          input: sampleOfTrigger(),
        });
      }),
    [ask, id, t],
  );
  const arm = (armed: boolean, isAccepted = false) =>
    void ask(t('trust.allow_on'), async () => {
      await flush();
      const answer = await engine().call('flow.arm', { flow: id, armed, accept_differences: isAccepted });
      openFlow.setState({ armed: answer.armed });
      setHeldBack(answer.held_back.length ? answer.held_back : undefined);
    });
  const connections = useLoad(() => engine().call('connections.list', {}), '');
  useEvents(['connection_changed'], connections.reload);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isField =
        event.target instanceof HTMLElement &&
        (event.target.isContentEditable || /^(INPUT|TEXTAREA)$/.test(event.target.tagName));
      if (!(event.ctrlKey || event.metaKey)) return;
      const key = event.key.toLowerCase();
      if (key === 's') void flush();
      else if (key === 'enter') start();
      else if (isField) return;
      else if (key === 'z') event.shiftKey ? redoChange() : undoChange();
      else if (key === 'y') redoChange();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [start]);

  const choose = useCallback(
    (kind: string, at: PaletteAt) => {
      setPalette(undefined);
      const node = addNode(kinds, kind, at.at, at.loose);
      requestAnimationFrame(() =>
        document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(node)}"]`)?.focus(),
      );
    },
    [kinds],
  );
  const reveal = (node: string) => canvas.current?.reveal(node);

  return (
    <main className="editor">
      <EditorBar
        id={id}
        kinds={kinds}
        onProblems={() => setDrawer('problems')}
        onRun={() => start()}
        onArm={arm}
        onHelp={() => setHelp(true)}
      />
      <div className="editor-canvas">
        <Canvas kinds={kinds} onPalette={setPalette} onHelp={() => setHelp(true)} handle={canvas} />
        <div className="editor-slider">
          <RunError onReveal={reveal} />
          <RunSlider />
        </div>
        <Coach onAdd={() => setPalette(canvas.current?.middle())} />
      </div>
      <Inspector
        kinds={kinds}
        connections={connections.value?.connections ?? []}
        onNewConnection={setConnectionKind}
        actions={<NodeActions id={id} onRunTo={start} />}
      />
      <DataDrawer view={drawer} onView={setDrawer} onReveal={reveal} onFailed={() => go('failed')} />
      {palette ? (
        <NodePalette
          kinds={kinds}
          screen={palette.screen}
          loose={palette.loose}
          onChoose={(kind) => choose(kind, palette)}
          onClose={() => setPalette(undefined)}
        />
      ) : null}
      {connectionKind ? (
        <ConnectionDialog
          kind={connectionKind}
          onClose={() => setConnectionKind(undefined)}
          onSaved={() => {
            setConnectionKind(undefined);
            connections.reload();
          }}
        />
      ) : null}
      {leave.sheet}
      {heldBack ? (
        <CasesDialog
          flow={id}
          run={live.getState().row?.run}
          heldBack={heldBack}
          onLiveAnyway={() => arm(true, true)}
          onClose={() => setHeldBack(undefined)}
        />
      ) : null}
      {isHelp ? <KeysDialog onClose={() => setHelp(false)} /> : null}
    </main>
  );
}

/** The records a trigger by hand is to be started with, as its form says; a pinned sample goes before. */
function sampleOfTrigger(): Json[] | undefined {
  const { history, pinned } = openFlow.getState();
  const trigger = Object.entries(history.doc.nodes).find(
    ([id, node]) => node.kind === 'flow.input' && !node.disabled && !pinned.includes(id),
  );
  const sample = trigger?.[1].config?.sample;
  if (sample === undefined || sample === null) return undefined;
  return Array.isArray(sample) ? sample : [sample];
}

/** Records of a node's output that are kept as its sample. */
const PINNED = 100;

function NodeActions({ id, onRunTo }: { id: string; onRunTo: (node: string) => void }) {
  const { t } = useTranslation();
  const node = useStore(openFlow, (state) => (state.selected.length === 1 ? state.selected[0] : undefined));
  const pinned = useStore(openFlow, (state) => state.pinned);
  const row = useStore(live, (state) => state.row);
  const isBusy = isRunning(row);
  const gone = t('app.engine_gone');
  if (!node) return null;
  const isPinned = pinned.includes(node);
  const pin = () =>
    attempt(async () => {
      const page = row
        ? await engine().call('run.records', { run: row.run, node, side: 'out', offset: 0, limit: PINNED })
        : undefined;
      const records = isPinned ? null : (page?.records ?? []);
      await engine().call('sample.pin', { flow: id, node, records });
      openFlow.setState({ pinned: isPinned ? pinned.filter((it) => it !== node) : [...pinned, node] });
      say(isPinned ? t('run.unpinned') : t('run.pinned'));
    }, gone);
  const tryIt = () =>
    attempt(async () => {
      await flush();
      const tried = await engine().call('node.try', { flow: id, node });
      await showRun(tried.run);
      if (tried.held.length) say(t('run.tried_held', { count: tried.held.length }));
      else if (tried.error) say(tried.error.sentence, 'bad');
    }, gone);
  return (
    <>
      <Button disabled={isBusy} onClick={() => void tryIt()}>
        <FlaskConical /> {t('run.try')}
      </Button>
      <Button disabled={isBusy} onClick={() => onRunTo(node)}>
        <Play /> {t('run.to_here')}
      </Button>
      <Button disabled={!isPinned && !row} onClick={() => void pin()}>
        {isPinned ? <PinOff /> : <Pin />} {isPinned ? t('run.unpin') : t('run.pin')}
      </Button>
    </>
  );
}

const KEYS: [string, string][] = [
  ['/', 'canvas.add'],
  ['Tab', 'keys.walk'],
  ['Enter', 'keys.select'],
  ['C', 'canvas.wiring'],
  ['X', 'keys.off'],
  ['← ↑ → ↓', 'keys.move'],
  ['Del', 'common.delete'],
  ['Ctrl Z', 'canvas.undo'],
  ['Ctrl Shift Z', 'canvas.redo'],
  ['Ctrl C  Ctrl V', 'keys.copy'],
  ['Ctrl D', 'keys.duplicate'],
  ['Ctrl A', 'keys.all'],
  ['Ctrl F', 'canvas.find'],
  ['F', 'canvas.fit'],
  ['Ctrl Enter', 'run.run'],
  ['Ctrl K', 'command.label'],
];

function KeysDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t('keys.title')} closeLabel={t('common.close')} onClose={onClose}>
      <dl className="facts keys-list">
        {KEYS.map(([key, word]) => (
          <div key={key} className="row">
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(word)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
