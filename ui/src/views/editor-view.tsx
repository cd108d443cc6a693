/** The editor: bar, canvas, inspector and drawer of one flow. */
import { ReactFlowProvider } from '@xyflow/react';
import { FileQuestion, Pin, Play } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { engine } from '../bridge/index.ts';
import { Canvas, type CanvasHandle, type PaletteAt } from '../canvas/canvas.tsx';
import { addNode } from '../document/actions.ts';
import { isRunning, live, showLastRun, showRun } from '../document/live.ts';
import { sample } from '../document/sample.ts';
import type { Kinds } from '../document/select.ts';
import { flush, load, openFlow, redoChange, undoChange } from '../document/store.ts';
import { Inspector } from '../inspector/inspector.tsx';
import { Button } from '../kit/controls.tsx';
import { useLoad } from '../kit/load.tsx';
import { Dialog, Loading, State, say } from '../kit/surfaces.tsx';
import { NodePalette } from '../library/palette.tsx';
import { DataDrawer } from '../runs/drawer.tsx';
import { RunSlider } from '../runs/slider.tsx';
import { Coach } from './coach.tsx';
import { ConnectionDialog } from './connection-dialog.tsx';
import { EditorBar } from './editor-bar.tsx';
import { attempt, useEvents } from './events.ts';
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
      else if (key === 'enter') void startRun(id, t('app.engine_gone'));
      else if (isField) return;
      else if (key === 'z') event.shiftKey ? redoChange() : undoChange();
      else if (key === 'y') redoChange();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [id, t]);

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
        onProblems={() => setDrawer('problems')}
        onRun={() => void startRun(id, t('app.engine_gone'))}
        onHelp={() => setHelp(true)}
      />
      <div className="editor-canvas">
        <Canvas kinds={kinds} onPalette={setPalette} onHelp={() => setHelp(true)} handle={canvas} />
        <div className="editor-slider">
          <RunSlider />
        </div>
        <Coach onAdd={() => setPalette(canvas.current?.middle())} />
      </div>
      <Inspector
        kinds={kinds}
        connections={connections.value?.connections ?? []}
        onNewConnection={setConnectionKind}
        actions={<NodeActions id={id} />}
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
      {isHelp ? <KeysDialog onClose={() => setHelp(false)} /> : null}
    </main>
  );
}

async function startRun(flow: string, gone: string, toNode?: string): Promise<void> {
  await flush();
  await attempt(() => engine().call('run.start', { flow, rehearse: false, to_node: toNode }), gone);
}

function NodeActions({ id }: { id: string }) {
  const { t } = useTranslation();
  const node = useStore(openFlow, (state) => (state.selected.length === 1 ? state.selected[0] : undefined));
  const row = useStore(live, (state) => state.row);
  const isBusy = isRunning(row);
  const gone = t('app.engine_gone');
  if (!node) return null;
  const pin = async () => {
    const { record } = sample.getState();
    if (await attempt(() => engine().call('sample.pin', { flow: id, node, records: [record] }), gone))
      say(t('run.pinned'));
  };
  return (
    <>
      <Button disabled={isBusy} onClick={() => void startRun(id, gone, node)}>
        <Play /> {t('run.to_here')}
      </Button>
      <Button onClick={() => void pin()}>
        <Pin /> {t('run.pin')}
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
