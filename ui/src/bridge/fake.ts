/** An engine in the page: for component tests, screenshots and work on the editor without the real one. */

import type { CommandName, Commands } from './commands.ts';
import type {
  ConnectionRow,
  EngineEvent,
  FailedGroup,
  Question,
  RunCounts,
  RunRow,
  Settings,
  SlotState,
  VersionRow,
} from './contract.ts';
import { fakeKinds } from './fake-catalogue.ts';
import { barState, HOUR, ledgerCounts, MINUTE, recordAt, seeds } from './fake-flows.ts';
import { evaluate } from './fake-formula.ts';
import {
  authorityOf,
  type Doc,
  fakeConnections,
  fakeFailed,
  fakeGallery,
  fakeQuestions,
  partly,
  plainCounts,
  problemsOf,
} from './fake-parts.ts';
import type { Bridge } from './index.ts';
import { Refused } from './index.ts';

interface Stored {
  id: string;
  folder: string;
  text: string;
  versions: (VersionRow & { text: string })[];
  armed: boolean;
  trigger: string;
  next_ms: number | null;
  moved: number;
  note: string;
  strip: string;
}

export interface FakeOptions {
  /** No flows yet, as on the first start. */
  isFirstStart?: boolean;
  /** Records in every table. */
  tableRows?: number;
  now_ms?: number;
}

const STEP_MS = 220;

export function fakeBridge({ isFirstStart = false, tableRows = 409, now_ms }: FakeOptions = {}): Bridge {
  const start = now_ms ?? Date.now();
  const listeners = new Set<(event: EngineEvent) => void>();
  const tell = (event: EngineEvent) => {
    for (const listener of listeners) listener(event);
  };
  const flows = new Map<string, Stored>();
  for (const seed of isFirstStart ? [] : seeds) {
    const text = JSON.stringify(seed.doc, null, 2);
    const versions = [3, 2, 1].map((version) => ({
      version: version + 11,
      saved_ms: start - (4 - version) * 5 * HOUR,
      hash: `h${version}`,
      note: version === 3 ? 'Only orders with a total' : '',
      live: version === 3,
      text,
    }));
    flows.set(seed.id, { ...seed, text, versions });
  }
  const names = (id: string) => (JSON.parse(flows.get(id)?.text ?? '{"name":""}') as Doc).name;
  const runs: RunRow[] = [];
  const counts = new Map<string, RunCounts>();
  const addRun = (row: Partial<RunRow> & { flow: string }): RunRow => {
    const run: RunRow = {
      run: `r${runs.length + 1}`,
      flow_name: names(row.flow),
      version: 14,
      trigger: 'schedule',
      state: 'ok',
      started_ms: start,
      ended_ms: start + 5700,
      records: 1204,
      failed: 0,
      parked: 0,
      error: null,
      rehearsal: false,
      ...row,
    };
    runs.unshift(run);
    return run;
  };
  if (!isFirstStart) {
    for (let back = 24; back > 0; back--) {
      const flow = back % 3 === 0 ? 'f3' : back % 2 === 0 ? 'f1' : 'f2';
      const isBroken = back === 9;
      addRun({
        flow,
        started_ms: start - back * HOUR,
        ended_ms: start - back * HOUR + 900 + back * 130,
        records: 40 + back * 17,
        state: isBroken ? 'failed' : 'ok',
        error: isBroken
          ? { code: 'not_found', sentence: 'The file prices/today.xml is not there.', cause: null }
          : null,
        trigger: flow === 'f2' ? 'webhook' : flow === 'f3' ? 'file' : 'schedule',
      });
    }
    const last = addRun({
      flow: 'f1',
      state: 'partial',
      failed: 3,
      started_ms: start - 12 * MINUTE,
      ended_ms: start - 12 * MINUTE + 5700,
    });
    counts.set(last.run, ledgerCounts);
  }
  let groups: FailedGroup[] = isFirstStart ? [] : fakeFailed(start);
  let questions: Question[] = isFirstStart ? [] : fakeQuestions(start);
  const connections: ConnectionRow[] = isFirstStart ? [] : fakeConnections(start);
  let settings: Settings = {
    language: '',
    theme: 'system',
    zone: 'Asia/Almaty',
    keep_days: 30,
    max_runs: 8,
    notices: true,
    editor: null,
  };

  const stored = (id: string): Stored => {
    const flow = flows.get(id);
    if (!flow) throw new Refused({ code: 'not_found', sentence: `There is no flow ${id}.` });
    return flow;
  };
  const slotsOf = (flow: Stored): SlotState[] =>
    Object.entries((JSON.parse(flow.text) as Doc).slots ?? {}).map(([name, slot]) => {
      const [type = 'text', detail = ''] = Object.entries(slot)[0] ?? [];
      return {
        name,
        type,
        detail: String(detail),
        filled: type === 'connection' ? name : '/home/office/inbox',
        default: null,
        used_by: [],
      };
    });
  const facts = () => ({ nodes: [] });

  function store(id: string | undefined, text: string, folder = '', note = ''): Stored {
    const old = id ? stored(id) : undefined;
    const flow: Stored = old ?? {
      id: `f${flows.size + 1}`,
      folder,
      text,
      versions: [],
      armed: false,
      trigger: 'By hand',
      next_ms: null,
      moved: 0,
      note: '',
      strip: '',
    };
    flow.text = text;
    const version = (flow.versions[0]?.version ?? 0) + 1;
    flow.versions.unshift({ version, saved_ms: Date.now(), hash: `h${version}`, note, live: false, text });
    flows.set(flow.id, flow);
    return flow;
  }
  const saved = (flow: Stored) => ({
    flow: flow.id,
    version: flow.versions[0]?.version ?? 1,
    hash: 'h',
    problems: problemsOf(flow.text),
    facts: facts(),
  });

  function startRun(flow: string, isRehearsal: boolean): string {
    const doc = JSON.parse(stored(flow).text) as Doc;
    const ids = Object.keys(doc.nodes);
    const row = addRun({
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
    tell({ type: 'run_started', run: row.run, flow, at_ms: row.started_ms });
    let at = 0;
    const timer = setInterval(() => {
      at++;
      const part = partly(full, ids, at);
      counts.set(row.run, part);
      if (row.state === 'cancelled') return clearInterval(timer);
      if (at < ids.length)
        return tell({
          type: 'run_progress',
          run: row.run,
          flow,
          at_ms: Date.now(),
          counts: part,
          done: at / ids.length,
        });
      clearInterval(timer);
      row.ended_ms = Date.now();
      row.failed = isLedger ? 3 : 0;
      row.records = Math.max(0, ...Object.values(full.wires));
      row.state = row.failed ? 'partial' : 'ok';
      tell({
        type: 'run_ended',
        run: row.run,
        flow,
        at_ms: row.ended_ms,
        state: row.state,
        counts: full,
        error: null,
      });
    }, STEP_MS);
    return row.run;
  }

  const answers: { [N in CommandName]: (params: Commands[N]['params']) => Commands[N]['answer'] } = {
    health: () => ({
      version: '0.1.0',
      started_ms: start,
      queue: 0,
      running: 0,
      disk_free_bytes: 9e10,
      failed: groups.reduce((sum, group) => sum + group.count, 0),
      questions: questions.length,
      troubles: [],
      vault: 'keychain',
      hooks: '127.0.0.1:7420',
    }),
    catalogue: () => ({ kinds: fakeKinds }),
    'settings.get': () => settings,
    'settings.set': (next) => (settings = next),
    'schedule.next': ({ cron, zone }) => {
      if (cron.trim().split(/\s+/).length !== 5)
        throw new Refused({
          code: 'bad_request',
          sentence: 'A schedule has five parts: minute, hour, day, month, weekday.',
          field: '/cron',
        });
      return {
        words: `${cron}, ${zone}`,
        next: [1, 2, 3, 4, 5].map((day) => ({
          at_ms: start + day * 24 * HOUR,
          local: new Date(start + day * 24 * HOUR).toISOString().slice(0, 10).concat(' 09:00'),
        })),
      };
    },
    'flows.list': ({ search }) => ({
      flows: [...flows.values()]
        .filter(
          (flow) =>
            !search ||
            flow.text.toLowerCase().includes(search.toLowerCase()) ||
            flow.note.toLowerCase().includes(search.toLowerCase()),
        )
        .map((flow) => ({
          id: flow.id,
          name: names(flow.id),
          folder: flow.folder,
          armed: flow.armed,
          trigger: flow.trigger,
          next_fire_ms: flow.next_ms && flow.armed ? start + flow.next_ms : null,
          last_runs: [...flow.strip].map((letter, index) => ({
            run: `r${index}`,
            state: barState(letter),
            started_ms: start - (30 - index) * 24 * HOUR,
            records: letter === 'n' ? 0 : 300 + ((index * 97) % 500),
          })),
          records_moved: flow.moved,
          note: flow.note,
          errors: problemsOf(flow.text).filter((problem) => problem.severity === 'error').length,
          open_slots: flow.id === 'f3' ? 1 : 0,
          failed: groups
            .filter((group) => group.flow === flow.id)
            .reduce((sum, group) => sum + group.count, 0),
          changed_ms: flow.versions[0]?.saved_ms ?? start,
          paused: null,
        })),
    }),
    'flow.get': ({ flow: id }) => {
      const flow = stored(id);
      return {
        id,
        text: flow.text,
        version: flow.versions[0]?.version ?? 1,
        hash: 'h',
        folder: flow.folder,
        armed: flow.armed,
        live_version: null,
        problems: problemsOf(flow.text),
        facts: facts(),
        slots: slotsOf(flow),
        pinned: [],
      };
    },
    'flow.save': ({ flow: id, text, expected_version, folder, note }) => {
      const now = id ? stored(id).versions[0]?.version : undefined;
      if (expected_version !== undefined && now !== expected_version)
        throw new Refused({ code: 'conflict', sentence: 'The flow was changed elsewhere.' });
      return saved(store(id, text, folder, note));
    },
    'flow.check': ({ text }) => ({ problems: problemsOf(text), facts: facts() }),
    'flow.arm': ({ flow, armed }) => {
      stored(flow).armed = armed;
      tell({ type: 'flow_changed', flow, version: 1, armed });
      return { armed, next_fire_ms: null };
    },
    'flow.delete': ({ flow }) => {
      flows.delete(flow);
      return {};
    },
    'flow.versions': ({ flow }) => ({ versions: stored(flow).versions }),
    'flow.version.get': ({ flow, version }) => ({
      version,
      text: stored(flow).versions.find((row) => row.version === version)?.text ?? '',
    }),
    'flow.restore': ({ flow, version }) =>
      saved(
        store(
          flow,
          stored(flow).versions.find((row) => row.version === version)?.text ?? '',
          '',
          `Version ${version} again`,
        ),
      ),
    'flow.import': ({ text, folder }) => {
      let doc: Doc;
      try {
        doc = JSON.parse(text) as Doc;
      } catch {
        throw new Refused({ code: 'bad_request', sentence: 'This is not a flow file: it is not JSON.' });
      }
      const flow = store(undefined, text, folder);
      return {
        flow: flow.id,
        name: doc.name,
        problems: [],
        authority: authorityOf(doc),
        slots: slotsOf(flow).map((slot) => ({ ...slot, filled: null })),
      };
    },
    'flow.export': ({ flow }) => ({ name: `${names(flow)}.flow.json`, text: stored(flow).text }),
    'slots.fill': ({ flow, slot, value }) => ({
      slots: slotsOf(stored(flow)).map((it) => (it.name === slot ? { ...it, filled: value } : it)),
    }),
    'grants.list': ({ flow }) => ({ authority: authorityOf(JSON.parse(stored(flow).text) as Doc) }),
    'grants.set': ({ flow, node, granted }) => ({
      authority: authorityOf(JSON.parse(stored(flow).text) as Doc).map((it) =>
        it.node === node ? { ...it, granted } : it,
      ),
    }),
    'run.start': ({ flow, rehearse }) => ({ run: startRun(flow, rehearse) }),
    'run.cancel': ({ run }) => {
      const row = runs.find((it) => it.run === run);
      if (row?.state === 'running') {
        row.state = 'cancelled';
        tell({
          type: 'run_ended',
          run,
          flow: row.flow,
          at_ms: Date.now(),
          state: 'cancelled',
          counts: counts.get(run) ?? { wires: {}, nodes: {} },
          error: null,
        });
      }
      return {};
    },
    'runs.list': ({ flow, states, value, limit = 50 }) => ({
      runs: runs
        .filter(
          (row) =>
            (!flow || row.flow === flow) &&
            (!states?.length || states.includes(row.state)) &&
            (!value || row.flow === 'f1'),
        )
        .slice(0, limit),
      cursor: null,
    }),
    'run.get': ({ run }) => {
      const row = runs.find((it) => it.run === run);
      if (!row) throw new Refused({ code: 'not_found', sentence: `There is no run ${run}.` });
      const doc = JSON.parse(stored(row.flow).text) as Doc;
      const full = counts.get(run) ?? plainCounts(doc);
      const ids = Object.keys(doc.nodes);
      return {
        row,
        text: stored(row.flow).text,
        counts: full,
        snapshots: ids.map((_, index) => ({
          at_ms: row.started_ms + index * 800,
          counts: partly(full, ids, index + 1),
        })),
        steps: [],
        held: row.rehearsal
          ? [{ id: 1, node: 'post', sentence: 'POST /v2/invoices to ledger', body: { number: '10-4471' } }]
          : [],
      };
    },
    'run.records': ({ offset, limit, search, side, node }) => {
      const isWorld = side === 'out' && node === 'post';
      const all = search ? 3 : tableRows;
      const records = Array.from({ length: Math.max(0, Math.min(limit, all - offset)) }, (_, index) => {
        const record = recordAt(offset + index);
        return isWorld && typeof record === 'object' && record
          ? { ...record, invoice: { status: 201, number: `INV-${88_120 + offset + index}` } }
          : record;
      });
      return {
        columns: [
          'id',
          'customer',
          'qty',
          'price',
          'paid_at',
          'total',
          'bin',
          ...(isWorld ? ['invoice'] : []),
        ],
        records,
        total: all,
        whole: true,
      };
    },
    'sample.pin': () => ({}),
    'failed.list': () => ({ groups }),
    'failed.resend': ({ ids, group }) => {
      const resent = takeFailed(ids, group);
      return { resent, runs: resent ? ['r1'] : [] };
    },
    'failed.discard': ({ ids, group }) => ({ discarded: takeFailed(ids, group) }),
    'questions.list': () => ({ questions }),
    'questions.answer': ({ id }) => {
      questions = questions.filter((question) => question.id !== id);
      return {};
    },
    'connections.list': () => ({ connections }),
    'connections.save': ({ name, kind, config, secrets }) => {
      const old = connections.findIndex((row) => row.name === name);
      const row: ConnectionRow = {
        name,
        kind,
        config,
        secrets: Object.keys(secrets ?? {}),
        health: { state: 'unknown' },
        last_use_ms: null,
        used_by: [],
      };
      connections.splice(old < 0 ? connections.length : old, old < 0 ? 0 : 1, row);
      return {};
    },
    'connections.test': ({ name }) => ({
      ok: name !== 'queue',
      sentence: name === 'queue' ? 'queue.local refused the connection.' : 'The system answered.',
      took_ms: 84,
    }),
    'connections.delete': ({ name }) => {
      connections.splice(
        connections.findIndex((row) => row.name === name),
        1,
      );
      return {};
    },
    'cases.list': () => ({ cases: [{ name: 'two-unpaid-orders', records_in: 5, last: 'same' }] }),
    'cases.save': () => ({}),
    'cases.run': () => ({
      results: [
        {
          name: 'two-unpaid-orders',
          outcome: 'different',
          records: 5,
          different: 1,
          differences: [{ place: 'post', index: 2, pointer: '/sum', expected: 8750, came: 875 }],
          error: null,
        },
      ],
    }),
    'formula.eval': ({ text, record, form }) =>
      form === 'template' && !text.startsWith('=')
        ? { value: text, type: 'text', fault: null, reads: [] }
        : evaluate(text, record),
    'formula.complete': ({ text, at, record }) => {
      const word = /[\p{L}_][\p{L}\d_.]*$/u.exec(text.slice(0, at))?.[0] ?? '';
      const fields =
        typeof record === 'object' && record && !Array.isArray(record) ? Object.keys(record) : [];
      return {
        from: at - word.length,
        options: [
          ...fields.map((name) => ({ label: name, insert: name, type: 'field', detail: '' })),
          { label: 'sum', insert: 'sum(', type: 'function', detail: 'sum(list)' },
        ],
      };
    },
    'gallery.list': () => ({ flows: fakeGallery }),
    'gallery.get': ({ slug }) => ({
      slug,
      text: JSON.stringify({
        ...(seeds[slug === 'order-stock' ? 1 : slug === 'price-list' ? 2 : slug === 'bank-statement' ? 3 : 0]
          ?.doc ?? {}),
      }),
      readme: '',
    }),
  };

  function takeFailed(ids: string[] = [], group?: string): number {
    let taken = 0;
    groups = groups.map((it) => {
      if (it.group === group) {
        taken += it.count;
        return { ...it, count: 0, records: [] };
      }
      const left = it.records.filter((record) => !ids.includes(record.id));
      taken += it.records.length - left.length;
      return { ...it, count: it.count - (it.records.length - left.length), records: left };
    });
    groups = groups.filter((it) => it.count > 0);
    return taken;
  }

  return {
    async call(name, params) {
      await new Promise((wake) => setTimeout(wake, 8));
      return structuredClone(answers[name](params));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onLink(listener) {
      listener('live');
      return () => undefined;
    },
  };
}
