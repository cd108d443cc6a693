/** The canvas: cards, wires, notes and frames of the open flow, and everything done to them by mouse and keyboard. */
import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  type Connection,
  type NodeChange,
  type OnConnectEnd,
  Panel,
  ReactFlow,
  useReactFlow,
  type Viewport,
  ViewportPortal,
} from '@xyflow/react';
import {
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { connect, insertOnWire, type Loose, wireUnder } from '../document/actions.ts';
import { snap } from '../document/arrange.ts';
import type { Change } from '../document/changes.ts';
import type { Point } from '../document/flow.ts';
import { canWire, type Kinds } from '../document/select.ts';
import { change, documentNow, openFlow, select } from '../document/store.ts';
import { say } from '../kit/surfaces.tsx';
import { GroupFrame, NoteCard } from './annotations.tsx';
import { FindBox } from './find.tsx';
import { clip, pressKey } from './keys.ts';
import { SmallMap } from './minimap.tsx';
import { NodeCard } from './node-card.tsx';
import { peekAt, peekAway, WirePeek } from './peek.tsx';
import { type DrawnNode, drawNodes, drawWires, type WireEdge } from './shape.ts';
import { Toolbar } from './toolbar.tsx';
import { openingView } from './view.ts';
import { WireLine } from './wire.tsx';
import { KeyWiring } from './wiring.tsx';

const nodeTypes = { card: NodeCard, note: NoteCard, frame: GroupFrame };
const edgeTypes = { wire: WireLine };
/** What can take the keys in the form of the chosen node; a field whose code is on its way stands in for itself. */
const FIELDS = ['input', 'textarea', '.cm-content', '[role="combobox"]', '[data-waiting]'];
const FIRST_FIELD = FIELDS.map((it) => `.tab-body ${it}`).join();

function openForm(): void {
  const first = document.querySelector<HTMLElement>(FIRST_FIELD);
  if (first?.dataset.waiting === undefined) first?.focus();
  else requestAnimationFrame(openForm);
}

/** Frames in which a card that came into view is drawn, at most. */
const FRAMES_TO_COME = 30;

const FIT = { padding: 0.07, maxZoom: 1, minZoom: 0.1 };
/** The view moves so that the eye can follow, or at once for whoever wants no motion. */
const glide = () => ({ duration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 180 });
// Every one of these made anew would draw all wires again with each step of a drag.
const MANY_KEYS = ['Control', 'Meta', 'Shift'];
const NO_SIGN = { hideAttribution: true };
const isFree = ({ source, target }: Connection | WireEdge) => canWire(documentNow(), source, target);

/** Where on the canvas something is to be put, and the loose wire it is for. */
export interface PaletteAt {
  screen: Point;
  at: Point;
  loose?: Loose;
}
export interface CanvasHandle {
  reveal: (node: string) => void;
  middle: () => PaletteAt;
}
interface CanvasProps {
  kinds: Kinds;
  onPalette: (at: PaletteAt) => void;
  onHelp: () => void;
  handle: Ref<CanvasHandle>;
}

const byMove = (ids: readonly DrawnNode[]): Change => {
  const doc = documentNow();
  const changes: Change[] = [];
  const to: Record<string, Point> = {};
  const notes = [...(doc.notes ?? [])];
  for (const node of ids) {
    const at: Point = [Math.round(node.position.x), Math.round(node.position.y)];
    if (node.type === 'card') to[node.id] = at;
    else if (node.type === 'note') notes[node.data.index] = { ...node.data.note, at };
  }
  if (Object.keys(to).length) changes.push({ type: 'node.move', to });
  if (ids.some((node) => node.type === 'note')) changes.push({ type: 'notes.set', notes });
  return changes.length === 1 && changes[0] ? changes[0] : { type: 'many', changes };
};

export function Canvas({ kinds, onPalette, onHelp, handle }: CanvasProps) {
  const { t } = useTranslation();
  const flow = useReactFlow();
  const box = useRef<HTMLDivElement>(null);
  const pointer = useRef<Point>([0, 0]);
  const doc = useStore(openFlow, (state) => state.history.doc);
  const facts = useStore(openFlow, (state) => state.facts);
  const selected = useStore(openFlow, (state) => state.selected);
  const [nodes, setNodes] = useState<DrawnNode[]>(() => drawNodes({ doc, kinds, facts, selected }, []));
  const [edges, setEdges] = useState<WireEdge[]>(() => drawWires({ doc, kinds, facts, selected }, []));
  const [chosenWire, setChosenWire] = useState<string>();
  const [lines, setLines] = useState<{ x?: number; y?: number }>({});
  const [wiring, setWiring] = useState<string>();
  const [isFinding, setFinding] = useState(false);
  const [view, setView] = useState<Viewport>();

  // the size is known before anything is seen, so that only what will be in view is ever drawn
  useLayoutEffect(() => {
    const area = box.current?.getBoundingClientRect();
    if (area) setView(openingView(documentNow(), kinds, area));
  }, [kinds]);
  useEffect(
    () => setNodes((before) => drawNodes({ doc, kinds, facts, selected }, before)),
    [doc, kinds, facts, selected],
  );
  useEffect(
    () => setEdges((before) => drawWires({ doc, kinds, facts, selected: [] }, before)),
    [doc, kinds, facts],
  );

  const paletteAt = useCallback(
    (screen: Point, loose?: Loose): PaletteAt => {
      const { x, y } = flow.screenToFlowPosition({ x: screen[0], y: screen[1] });
      return { screen, at: [x, y], loose };
    },
    [flow],
  );
  const middle = useCallback((): PaletteAt => {
    const area = box.current?.getBoundingClientRect();
    return paletteAt(area ? [area.left + area.width / 2 - 160, area.top + area.height / 3] : [200, 200]);
  }, [paletteAt]);
  const atPointer = useCallback((): PaletteAt => {
    const area = box.current?.getBoundingClientRect();
    const [x, y] = pointer.current;
    const isInside = area && x > area.left && x < area.right && y > area.top && y < area.bottom;
    return isInside ? paletteAt([x, y]) : middle();
  }, [middle, paletteAt]);
  const reveal = useCallback(
    (id: string) => {
      select([id]);
      // a card out of sight is not there before the view has come to it
      const focus = (tries: number): void => {
        const card = box.current?.querySelector<HTMLElement>(
          `.react-flow__node[data-id="${CSS.escape(id)}"]`,
        );
        if (card) card.focus();
        else if (tries > 0) requestAnimationFrame(() => focus(tries - 1));
      };
      void flow
        .fitView({ nodes: [{ id }], maxZoom: 1, ...glide() })
        .then(() => requestAnimationFrame(() => focus(FRAMES_TO_COME)));
    },
    [flow],
  );
  useImperativeHandle(handle, () => ({ reveal, middle }), [reveal, middle]);

  useEffect(() => {
    const keys = {
      openPalette: () => onPalette(atPointer()),
      find: () => setFinding(true),
      fit: () => void flow.fitView({ ...FIT, ...glide() }),
      startWire: setWiring,
      help: onHelp,
      openForm,
    };
    const onKey = (event: KeyboardEvent) => {
      const isOurs =
        event.target === document.body ||
        box.current?.contains(event.target instanceof Element ? event.target : null);
      if (!isOurs || document.querySelector('[role="dialog"]')) return;
      if (
        chosenWire &&
        (event.key === 'Delete' || event.key === 'Backspace') &&
        !openFlow.getState().selected.length
      ) {
        removeWire(chosenWire);
        setChosenWire(undefined);
      } else if (!pressKey(event, keys)) return;
      event.preventDefault();
    };
    const onClip = (event: ClipboardEvent) => {
      if (document.querySelector('[role="dialog"]')) return;
      const refused = clip(event, () => atPointer().at);
      if (refused) say(t(`paste.${refused.reason}`, refused.about), 'bad');
    };
    document.addEventListener('keydown', onKey);
    for (const type of ['copy', 'cut', 'paste'] as const) document.addEventListener(type, onClip);
    return () => {
      document.removeEventListener('keydown', onKey);
      for (const type of ['copy', 'cut', 'paste'] as const) document.removeEventListener(type, onClip);
    };
  }, [atPointer, chosenWire, flow, onHelp, onPalette, t]);

  const onNodesChange = useCallback((changes: NodeChange<DrawnNode>[]) => {
    const picks = changes.filter((it) => it.type === 'select');
    if (picks.length) {
      const now = new Set(openFlow.getState().selected);
      for (const pick of picks) pick.selected ? now.add(pick.id) : now.delete(pick.id);
      select([...now]);
    }
    const moves = changes.filter((it) => it.type === 'position');
    const only = moves.length === 1 ? moves[0] : undefined;
    if (only?.position && only.dragging && !only.id.includes(':')) {
      const snapped = snap(documentNow(), only.id, [only.position.x, only.position.y]);
      only.position = { x: snapped.at[0], y: snapped.at[1] };
      setLines((now) => (now.x === snapped.x && now.y === snapped.y ? now : { x: snapped.x, y: snapped.y }));
    }
    const rest = changes.filter((it) => it.type === 'position' || it.type === 'dimensions');
    if (rest.length) setNodes((before) => applyNodeChanges(rest, before));
  }, []);

  const onDragStop = useCallback(
    (_: unknown, node: DrawnNode, dragged: DrawnNode[]) => {
      setLines({});
      if (node.type === 'frame') return moveGroup(node.data.index, node);
      const moved = byMove(dragged);
      const under =
        dragged.length === 1 && node.type === 'card'
          ? wireUnder(documentNow(), node.id, [node.position.x, node.position.y])
          : undefined;
      if (under) insertOnWire(kinds, node.id, under, moved);
      else change(moved);
    },
    [kinds],
  );

  const chooseWire = useCallback((id: string | undefined) => {
    select([]);
    setChosenWire(id);
    setEdges((before) =>
      before.map((it) => (Boolean(it.selected) === (it.id === id) ? it : { ...it, selected: it.id === id })),
    );
  }, []);
  const onEdgeClick = useCallback((_: unknown, edge: WireEdge) => chooseWire(edge.id), [chooseWire]);
  const onPaneClick = useCallback(() => chooseWire(undefined), [chooseWire]);
  const onConnect = useCallback(
    ({ source, sourceHandle, target, targetHandle }: Connection) => {
      if (!connect(kinds, [source, sourceHandle ?? 'out'], [target, targetHandle ?? 'in']))
        say(t('canvas.circle'), 'bad');
    },
    [kinds, t],
  );
  const onConnectEnd = useCallback<OnConnectEnd>(
    (event, state) => {
      if (state.toHandle || !state.fromHandle || !('clientX' in event)) return;
      const side = state.fromHandle.type === 'source' ? 'out' : 'in';
      onPalette(
        paletteAt([event.clientX, event.clientY], {
          node: state.fromHandle.nodeId,
          port: state.fromHandle.id ?? '',
          side,
        }),
      );
    },
    [onPalette, paletteAt],
  );

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the pane is worked by keys through the document listener above
    <div
      ref={box}
      className="canvas"
      onPointerMove={(event) => {
        pointer.current = [event.clientX, event.clientY];
      }}
      onDoubleClick={(event) => {
        if (event.target instanceof Element && event.target.classList.contains('react-flow__pane'))
          onPalette(paletteAt([event.clientX, event.clientY]));
      }}
    >
      {view ? (
        <ReactFlow<DrawnNode, WireEdge>
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          onNodesChange={onNodesChange}
          onEdgeClick={onEdgeClick}
          onEdgeMouseEnter={peekAt}
          onEdgeMouseLeave={peekAway}
          onPaneClick={onPaneClick}
          onNodeDragStop={onDragStop}
          onConnect={onConnect}
          onConnectEnd={onConnectEnd}
          isValidConnection={isFree}
          onlyRenderVisibleElements
          disableKeyboardA11y
          nodesFocusable
          edgesFocusable={false}
          zoomOnDoubleClick={false}
          deleteKeyCode={null}
          multiSelectionKeyCode={MANY_KEYS}
          selectionKeyCode="Shift"
          minZoom={0.1}
          maxZoom={2}
          proOptions={NO_SIGN}
          defaultViewport={view}
          aria-label={t('canvas.label')}
        >
          <Background variant={BackgroundVariant.Dots} gap={20} size={1.6} color="var(--dot)" />
          <ViewportPortal>
            {lines.x === undefined ? null : (
              <div className="snap-line" data-axis="x" style={{ left: lines.x }} />
            )}
            {lines.y === undefined ? null : (
              <div className="snap-line" data-axis="y" style={{ top: lines.y }} />
            )}
          </ViewportPortal>
          <SmallMap />
          <Panel position="top-left">
            <Toolbar
              onAdd={() => onPalette(middle())}
              onFind={() => setFinding(true)}
              onFit={() => void flow.fitView({ ...FIT, ...glide() })}
              middle={() => middle().at}
            />
          </Panel>
          {isFinding ? (
            <Panel position="top-right">
              <FindBox onReveal={reveal} onClose={() => setFinding(false)} />
            </Panel>
          ) : null}
          {wiring ? (
            <Panel position="bottom-center">
              <KeyWiring kinds={kinds} from={wiring} onReveal={reveal} onClose={() => setWiring(undefined)} />
            </Panel>
          ) : null}
        </ReactFlow>
      ) : null}
      <WirePeek />
    </div>
  );
}

function removeWire(id: string): void {
  const wire = documentNow().wires.find((it) => `${it[0]}>${it[1]}` === id);
  if (wire) change({ type: 'wire.remove', wire });
}

function moveGroup(index: number, frame: DrawnNode): void {
  const doc = documentNow();
  const group = doc.groups?.[index];
  const before = drawNodes({ doc, kinds: new Map(), facts: new Map(), selected: [] }, []).find(
    (node) => node.id === frame.id,
  );
  if (!group || !before) return;
  const by = [frame.position.x - before.position.x, frame.position.y - before.position.y];
  const to = Object.fromEntries(
    group.nodes.map((id): [string, Point] => {
      const [x, y] = doc.layout[id] ?? [0, 0];
      return [id, [Math.round(x + (by[0] ?? 0)), Math.round(y + (by[1] ?? 0))]];
    }),
  );
  change({ type: 'node.move', to });
}
