/** The open flow: its document with history, selection, what the engine says about it, and saving as it is edited. */
import { createStore } from 'zustand/vanilla';
import {
  type EngineEvent,
  EngineGone,
  engine,
  type Flow,
  type FlowFacts,
  type LiveVersion,
  type NodeFacts,
  type Problem,
  Refused,
  type SlotState,
} from '../bridge/index.ts';
import type { Change } from './changes.ts';
import { emptyFlow, type FlowDoc, readFlow, writeFlow } from './flow.ts';
import { edit, type History, redo, startHistory, undo } from './history.ts';

export type Saving = 'saved' | 'waiting' | 'saving' | 'offline' | 'conflict' | 'refused';

export interface OpenFlow {
  id: string;
  folder: string;
  version: number;
  armed: boolean;
  /** The hash of what runs of the saved version. */
  hash: string;
  /** The version that its triggers start. */
  live: LiveVersion | null;
  history: History;
  selected: readonly string[];
  problems: readonly Problem[];
  /** The gravest problem of each node. */
  worst: ReadonlyMap<string, Problem>;
  facts: ReadonlyMap<string, NodeFacts>;
  slots: readonly SlotState[];
  pinned: readonly string[];
  saving: Saving;
  /** Why the last save was refused, in the engine's words. */
  refusal: string;
}

const SAVE_AFTER_MS = 500;
const RETRY_AFTER_MS = 2000;
const TRANSIENT: readonly string[] = ['unavailable', 'internal'];
const draftKey = (id: string) => `arna.draft.${id}`;

const closed: OpenFlow = {
  id: '',
  folder: '',
  version: 0,
  armed: false,
  hash: '',
  live: null,
  history: startHistory(emptyFlow('', '')),
  selected: [],
  problems: [],
  worst: new Map(),
  facts: new Map(),
  slots: [],
  pinned: [],
  saving: 'saved',
  refusal: '',
};

export const openFlow = createStore<OpenFlow>(() => closed);

/** What the engine found out, by node. */
function checked({
  problems,
  facts,
}: {
  problems: Problem[];
  facts: FlowFacts;
}): Pick<OpenFlow, 'problems' | 'worst' | 'facts'> {
  const worst = new Map<string, Problem>();
  for (const problem of problems) {
    if (!problem.node || problem.severity === 'hint') continue;
    if (worst.get(problem.node)?.severity !== 'error') worst.set(problem.node, problem);
  }
  return { problems, worst, facts: new Map(facts.nodes.map((fact) => [fact.node, fact])) };
}
let timer: ReturnType<typeof setTimeout> | undefined;

/** Opens a flow. An edit that a crash of the window kept from the engine is taken up again. */
export async function load(id: string): Promise<void> {
  await flush();
  const flow = await engine().call('flow.get', { flow: id });
  const draft = readDraft(id, flow.text);
  const isConflict = draft !== undefined && draft.version !== flow.version;
  openFlow.setState(
    {
      ...closed,
      id,
      folder: flow.folder,
      version: flow.version,
      armed: flow.armed,
      hash: flow.hash,
      live: flow.live,
      history: startHistory(readFlow(draft?.text ?? flow.text)),
      saving: isConflict ? 'conflict' : draft ? 'waiting' : 'saved',
      ...checked(flow),
      slots: flow.slots,
      pinned: flow.pinned,
    },
    true,
  );
  if (draft && !isConflict) scheduleSave(0);
}

/** The version that its triggers start instead of the saved one, where the two do not do the same. */
export const behind = ({ live, hash }: OpenFlow): number | undefined =>
  live && live.hash !== hash ? live.version : undefined;

/** Makes a change: the only way a document is edited. */
export function change(it: Change, key?: string): void {
  const { history } = openFlow.getState();
  step(edit(history, it, Date.now(), key));
}

export const undoChange = (): void => step(undo(openFlow.getState().history));
export const redoChange = (): void => step(redo(openFlow.getState().history));
export const select = (ids: readonly string[]): void => openFlow.setState({ selected: ids });
export const documentNow = (): FlowDoc => openFlow.getState().history.doc;

function step(history: History): void {
  const before = openFlow.getState();
  if (history === before.history) return;
  const selected = before.selected.filter((id) => id in history.doc.nodes);
  openFlow.setState({
    history,
    selected: selected.length === before.selected.length ? before.selected : selected,
    saving: before.saving === 'conflict' ? 'conflict' : 'waiting',
  });
  writeDraft(before.id, before.version, history.doc);
  if (before.saving !== 'conflict') scheduleSave(SAVE_AFTER_MS);
}

function scheduleSave(after_ms: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void save(), after_ms);
}

/** Saves now what waits to be saved, and waits for what is being saved. */
export async function flush(): Promise<void> {
  await underway?.catch(() => undefined);
  const { saving } = openFlow.getState();
  if (saving !== 'waiting' && saving !== 'offline') return;
  clearTimeout(timer);
  await save();
}

/** The save that is under way: the next one waits, for it begins from the version that this one makes. */
let underway: Promise<void> | undefined;

async function save(): Promise<void> {
  const before = underway;
  const mine = (before?.catch(() => undefined) ?? Promise.resolve()).then(store);
  underway = mine;
  try {
    await mine;
  } finally {
    if (underway === mine) underway = undefined;
  }
}

async function store(): Promise<void> {
  const { id, version, history, saving } = openFlow.getState();
  if (!id || saving === 'saved' || saving === 'conflict') return;
  openFlow.setState({ saving: 'saving' });
  try {
    const saved = await engine().call('flow.save', {
      flow: id,
      text: writeFlow(history.doc),
      expected_version: version,
    });
    const now = openFlow.getState();
    if (now.id !== id) return;
    const isLatest = now.history.doc === history.doc;
    openFlow.setState({
      version: saved.version,
      hash: saved.hash,
      ...checked(saved),
      slots: saved.slots,
      saving: isLatest ? 'saved' : 'waiting',
      refusal: '',
    });
    if (isLatest) localStorage.removeItem(draftKey(id));
    else scheduleSave(SAVE_AFTER_MS);
  } catch (error) {
    if (error instanceof EngineGone) {
      openFlow.setState({ saving: 'offline' });
      scheduleSave(RETRY_AFTER_MS);
    } else if (error instanceof Refused) {
      openFlow.setState({
        saving: error.body.code === 'conflict' ? 'conflict' : 'refused',
        refusal: error.body.sentence,
      });
      // no fault of the document, such as a full disk: it may pass
      if (TRANSIENT.includes(error.body.code)) scheduleSave(RETRY_AFTER_MS);
    } else throw error;
  }
}

/** After a conflict: keeps this window's document as the newest version. */
export async function keepMine(): Promise<void> {
  const { id } = openFlow.getState();
  const flow = await engine().call('flow.get', { flow: id });
  openFlow.setState({ version: flow.version, saving: 'waiting' });
  await flush();
}

/** After a conflict: takes the other document; the own one stays one undo away. */
export async function takeTheirs(): Promise<void> {
  const { id } = openFlow.getState();
  take(await engine().call('flow.get', { flow: id }));
}

function take(flow: Flow): void {
  localStorage.removeItem(draftKey(flow.id));
  const doc = readFlow(flow.text);
  openFlow.setState({
    version: flow.version,
    hash: flow.hash,
    live: flow.live,
    history: edit(openFlow.getState().history, { type: 'flow.replace', doc }, Date.now()),
    ...checked(flow),
    slots: flow.slots,
    pinned: flow.pinned,
    saving: 'saved',
    refusal: '',
  });
}

/** Lets the engine change what the file holds beside the drawing, such as its cases: no step of undo, for nothing drawn changes. */
export async function changeBeside(act: () => Promise<{ version: number; text: string }>): Promise<void> {
  await flush();
  const before = openFlow.getState();
  if (before.saving !== 'saved') return;
  openFlow.setState({ saving: 'saving' });
  try {
    const { version, text } = await act();
    const { history } = openFlow.getState();
    const { cases } = readFlow(text);
    openFlow.setState({ version, history: { ...history, doc: { ...history.doc, cases } } });
  } finally {
    const isEdited = openFlow.getState().saving !== 'saving';
    if (!isEdited) openFlow.setState({ saving: 'saved' });
  }
}

/** Takes up what was changed elsewhere, unless something here waits to be saved: then the save tells of the conflict. */
export async function followFlow(event: EngineEvent): Promise<void> {
  const { id, version } = openFlow.getState();
  if (!id) return;
  if (event.type === 'flow_changed' && event.flow === id)
    openFlow.setState({ armed: event.armed, live: event.live });
  const isNewer = event.type === 'flow_changed' && event.flow === id && (event.version ?? 0) > version;
  if (event.type !== 'resync' && !isNewer) return;
  if (openFlow.getState().saving !== 'saved') return;
  const flow = await engine().call('flow.get', { flow: id });
  const now = openFlow.getState();
  if (now.id === id && now.saving === 'saved' && flow.version > now.version) take(flow);
}

function writeDraft(id: string, version: number, doc: FlowDoc): void {
  try {
    localStorage.setItem(draftKey(id), JSON.stringify({ version, text: writeFlow(doc) }));
  } catch {
    // A full browser store costs only the draft: the engine still gets the save half a second later.
  }
}

/** What was drawn here and never reached the engine; nothing when the engine has the same. */
function readDraft(id: string, saved: string): { version: number; text: string } | undefined {
  const kept = localStorage.getItem(draftKey(id));
  if (!kept) return undefined;
  try {
    const draft = JSON.parse(kept) as { version?: unknown; text?: unknown };
    const { version, text } = draft;
    const isOther = typeof text === 'string' && writeFlow(readFlow(text)) !== writeFlow(readFlow(saved));
    if (typeof version === 'number' && isOther) return { version, text };
  } catch {
    // A damaged draft is worth nothing; the saved flow is opened.
  }
  localStorage.removeItem(draftKey(id));
  return undefined;
}
