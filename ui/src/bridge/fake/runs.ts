/** The commands about runs, their records, the failed inbox and the cases. */
import { type Answers, type Doc, partly, plainCounts } from './parts.ts';
import { ledgerCounts, recordAt } from './seeds.ts';
import { refused, type World } from './world.ts';

const STEP_MS = 220;

type Runs =
  | 'run.start'
  | 'run.cancel'
  | 'run.release'
  | 'runs.list'
  | 'run.get'
  | 'run.records'
  | 'sample.pin'
  | 'node.fields'
  | 'node.try'
  | 'failed.list'
  | 'failed.resend'
  | 'failed.discard'
  | 'questions.list'
  | 'questions.answer'
  | 'cases.list'
  | 'cases.save'
  | 'cases.run'
  | 'cases.accept'
  | 'cases.delete';

export const runAnswers = (world: World): Pick<Answers, Runs> => ({
  'run.start': ({ flow, rehearse }) => ({ run: startRun(world, flow, rehearse ?? false) }),
  'run.cancel': ({ run }) => {
    const row = world.runs.find((it) => it.run === run);
    if (row?.state === 'running') {
      row.state = 'cancelled';
      world.tell({
        type: 'run_ended',
        run,
        flow: row.flow,
        at_ms: Date.now(),
        state: 'cancelled',
        counts: world.counts.get(run) ?? { wires: {}, nodes: {} },
        error: null,
      });
    }
    return {};
  },
  'run.release': ({ run }) => {
    const row = world.runs.find((it) => it.run === run);
    if (row?.state !== 'held') throw refused('conflict', `The run ${run} is not held back.`);
    row.state = 'running';
    return {};
  },
  'runs.list': ({ flow, states, value, limit }) => ({
    runs: world.runs
      .filter(
        (row) =>
          (!flow || row.flow === flow) &&
          (!states?.length || states.includes(row.state)) &&
          (!value || row.flow === 'f1'),
      )
      .slice(0, limit ?? 50),
    cursor: null,
  }),
  'run.get': ({ run }) => {
    const row = world.runs.find((it) => it.run === run);
    if (!row) throw refused('not_found', `There is no run ${run}.`);
    const { text } = world.stored(row.flow);
    const doc = JSON.parse(text) as Doc;
    const full = world.counts.get(run) ?? plainCounts(doc);
    const ids = Object.keys(doc.nodes);
    return {
      row,
      text,
      counts: full,
      snapshots: ids.map((_, index) => ({
        at_ms: row.started_ms + index * 800,
        counts: partly(full, ids, index + 1),
      })),
      steps: [],
      held: row.rehearsal
        ? [
            {
              id: 1,
              node: 'post',
              sentence: 'POST /v2/invoices to ledger',
              body: { number: '10-4471' },
              record: { number: '10-4471' },
              request: null,
            },
          ]
        : [],
    };
  },
  'run.records': ({ offset, limit, search, side, node }) => {
    const isWorld = side === 'out' && node === 'post';
    const all = search ? 3 : world.tableRows;
    const records = Array.from({ length: Math.max(0, Math.min(limit, all - offset)) }, (_, index) => {
      const record = recordAt(offset + index);
      return isWorld && typeof record === 'object' && record
        ? { ...record, invoice: { status: 201, number: `INV-${88_120 + offset + index}` } }
        : record;
    });
    return {
      columns: ['id', 'customer', 'qty', 'price', 'paid_at', 'total', 'bin', ...(isWorld ? ['invoice'] : [])],
      records,
      total: all,
      whole: true,
    };
  },
  'sample.pin': () => ({}),
  'node.fields': () => {
    const record = recordAt(0);
    const entries =
      typeof record === 'object' && record && !Array.isArray(record) ? Object.entries(record) : [];
    const fields = entries.map(([name, sample]) => ({
      name,
      sample,
      type: typeof sample === 'string' ? 'text' : typeof sample,
    }));
    return { fields, record, from: 'run', run: 'r25' };
  },
  'node.try': ({ flow }) => ({
    run: startRun(world, flow, false),
    from: 'run',
    outputs: [],
    failed: [],
    held: [],
    error: null,
    cut: false,
  }),
  'failed.list': () => ({ groups: world.groups }),
  'failed.resend': ({ ids, group }) => {
    const resent = world.takeFailed(ids, group);
    return { resent, runs: resent ? ['r1'] : [] };
  },
  'failed.discard': ({ ids, group }) => ({ discarded: world.takeFailed(ids, group) }),
  'questions.list': () => ({ questions: world.questions }),
  'questions.answer': ({ id }) => {
    world.questions = world.questions.filter((question) => question.id !== id);
    return {};
  },
  'cases.list': () => ({ cases: world.cases }),
  'cases.save': ({ flow, name }) => {
    world.cases = [...world.cases, { name, records_in: 24, last: null }];
    return kept(world, flow);
  },
  'cases.accept': ({ flow }) => {
    world.cases = world.cases.map((row) => ({ ...row, last: 'same' }));
    return kept(world, flow);
  },
  'cases.delete': ({ flow, name }) => {
    world.cases = world.cases.filter((row) => row.name !== name);
    return kept(world, flow);
  },
  'cases.run': () => ({
    results: world.cases.map((row) => ({
      name: row.name,
      outcome: 'different',
      records: 5,
      different: 1,
      differences: [{ place: 'post', index: 2, pointer: '/sum', expected: 8750, came: 875 }],
      error: null,
    })),
  }),
});

const kept = (world: World, id: string) => {
  const flow = world.stored(id);
  return { version: flow.versions[0]?.version ?? 1, text: flow.text, masked: [] };
};

function startRun(world: World, flow: string, isRehearsal: boolean): string {
  const doc = JSON.parse(world.stored(flow).text) as Doc;
  const ids = Object.keys(doc.nodes);
  const row = world.addRun({
    flow,
    state: 'running',
    started_ms: Date.now(),
    ended_ms: null,
    records: 0,
    trigger: 'manual',
    rehearsal: isRehearsal,
  });
  const isLedger = 'match' in doc.nodes && 'post' in doc.nodes;
  const full = isLedger ? ledgerCounts : plainCounts(doc);
  world.tell({ type: 'run_started', run: row.run, flow, at_ms: row.started_ms });
  let at = 0;
  const timer = setInterval(() => {
    at++;
    const counts = partly(full, ids, at);
    world.counts.set(row.run, counts);
    if (row.state === 'cancelled') return clearInterval(timer);
    if (at < ids.length) {
      const done = at / ids.length;
      return world.tell({ type: 'run_progress', run: row.run, flow, at_ms: Date.now(), counts, done });
    }
    clearInterval(timer);
    row.ended_ms = Date.now();
    row.failed = isLedger ? 3 : 0;
    row.records = Math.max(0, ...Object.values(full.wires));
    row.state = row.failed ? 'partial' : 'ok';
    const { state, ended_ms: at_ms } = row;
    world.tell({ type: 'run_ended', run: row.run, flow, at_ms, state, counts: full, error: null });
  }, STEP_MS);
  return row.run;
}
