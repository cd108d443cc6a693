/** The commands about flows: list, text, versions, slots, grants. */

import { type Answers, authorityOf, type Doc, factsOf, problemsOf } from './parts.ts';
import { barState, HOUR } from './seeds.ts';
import { refused, type Stored, type World } from './world.ts';

const saved = (world: World, flow: Stored) => ({
  flow: flow.id,
  version: flow.versions[0]?.version ?? 1,
  hash: 'h',
  problems: problemsOf(flow.text),
  facts: factsOf(flow.text),
  slots: world.slotsOf(flow),
});

function read(text: string): Doc {
  try {
    return JSON.parse(text) as Doc;
  } catch {
    throw refused('bad_request', 'This is not a flow file: it is not JSON.');
  }
}

type Shelf =
  | 'flows.list'
  | 'flow.get'
  | 'flow.save'
  | 'flow.check'
  | 'flow.arm'
  | 'flow.delete'
  | 'flow.times'
  | 'flow.versions'
  | 'flow.version.get'
  | 'flow.restore'
  | 'flow.import'
  | 'flow.export'
  | 'slots.fill'
  | 'grants.list'
  | 'grants.set';

export const shelfAnswers = (world: World): Pick<Answers, Shelf> => ({
  'flows.list': ({ search }) => ({
    flows: [...world.flows.values()]
      .filter((flow) => `${flow.text} ${flow.note}`.toLowerCase().includes((search ?? '').toLowerCase()))
      .map((flow) => rowOf(world, flow)),
  }),
  'flow.get': ({ flow: id }) => {
    const flow = world.stored(id);
    return {
      id,
      text: flow.text,
      version: flow.versions[0]?.version ?? 1,
      hash: 'h',
      folder: flow.folder,
      armed: flow.armed,
      live: null,
      problems: problemsOf(flow.text),
      facts: factsOf(flow.text),
      slots: world.slotsOf(flow),
      pinned: [],
    };
  },
  'flow.save': ({ flow, text, expected_version, folder, note }) => {
    const now = flow ? world.stored(flow).versions[0]?.version : undefined;
    if (expected_version != null && now !== expected_version)
      throw refused('conflict', 'The flow was changed elsewhere.');
    return saved(world, world.keep(flow, text, folder ?? '', note ?? ''));
  },
  'flow.check': ({ text }) => ({ problems: problemsOf(text), facts: factsOf(text) }),
  'flow.arm': ({ flow, armed }) => {
    world.stored(flow).armed = armed;
    world.tell({ type: 'flow_changed', flow, version: 1, armed, live: null });
    return { armed, next_fire_ms: null, held_back: [] };
  },
  'flow.delete': ({ flow }) => {
    world.flows.delete(flow);
    return {};
  },
  'flow.versions': ({ flow }) => ({ versions: world.stored(flow).versions }),
  'flow.version.get': ({ flow, version }) => ({ version, text: textOf(world.stored(flow), version) }),
  'flow.restore': ({ flow, version }) =>
    saved(world, world.keep(flow, textOf(world.stored(flow), version), '', `Version ${version} again`)),
  'flow.import': ({ text, folder }) => {
    const doc = read(text);
    const flow = world.keep(undefined, text, folder ?? '');
    return {
      flow: flow.id,
      name: doc.name,
      problems: [],
      authority: authorityOf(doc),
      slots: world.slotsOf(flow).map((slot) => ({ ...slot, filled: null })),
    };
  },
  'flow.export': ({ flow }) => ({
    name: `${world.nameOf(flow)}.flow.json`,
    text: world.stored(flow).text,
  }),
  'slots.fill': ({ flow, slot, value }) => ({
    slots: world.slotsOf(world.stored(flow)).map((it) => (it.name === slot ? { ...it, filled: value } : it)),
  }),
  'flow.times': () => ({ times: [], more: false }),
  'grants.list': ({ flow }) => ({ authority: authorityOf(read(world.stored(flow).text)) }),
  'grants.set': ({ flow, node, granted }) => ({
    authority: authorityOf(read(world.stored(flow).text)).map((it) =>
      it.node === node ? { ...it, granted } : it,
    ),
  }),
});

const textOf = (flow: Stored, version: number): string =>
  flow.versions.find((row) => row.version === version)?.text ?? '';

function rowOf(world: World, flow: Stored) {
  const failed = world.groups.filter((group) => group.flow === flow.id);
  return {
    id: flow.id,
    name: world.nameOf(flow.id),
    folder: flow.folder,
    armed: flow.armed,
    trigger: flow.trigger,
    next_fire_ms: flow.next_ms && flow.armed ? world.start + flow.next_ms : null,
    last_runs: [...flow.strip].map((letter, index) => ({
      run: `r${index}`,
      state: barState(letter),
      started_ms: world.start - (30 - index) * 24 * HOUR,
      records: letter === 'n' ? 0 : 300 + ((index * 97) % 500),
    })),
    records_moved: flow.moved,
    note: flow.note,
    errors: problemsOf(flow.text).filter((problem) => problem.severity === 'error').length,
    open_slots: flow.id === 'f3' ? 1 : 0,
    failed: failed.reduce((sum, group) => sum + group.count, 0),
    missed: 0,
    changed_ms: flow.versions[0]?.saved_ms ?? world.start,
    paused: null,
  };
}
