/** An engine in the page: for component tests, screenshots and work on the editor without the real one. */

import type {
  CommandName,
  Commands,
  ConnectionRow,
  EngineEvent,
  FailedGroup,
  Problem,
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
interface Doc {
  name: string;
  nodes: Record<string, { kind: string; config?: Record<string, unknown>; connection?: string }>;
  slots?: Record<string, Record<string, string>>;
  wires: [string, string][];
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
  let questions: Question[] = isFirstStart
    ? []
    : [
        {
          id: 'q1',
          flow: 'f1',
          flow_name: names('f1'),
          run: 'r25',
          node: 'post',
          sentence: 'Was invoice 10-4490 sent to ledger? The answer was cut off by a power failure.',
          record: { number: '10-4490', sum: 8750 },
          asked_ms: start - 30 * MINUTE,
        },
      ];
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
    const full = flow === 'f1' ? ledgerCounts : plainCounts(doc);
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
      row.failed = flow === 'f1' ? 3 : 0;
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
    'gallery.list': () => ({
      flows: [
        {
          slug: 'paid-orders',
          name: 'Paid orders to the ledger',
          about: 'Reads an order file every morning, keeps what is paid, and books it in the ledger.',
          kinds: ['schedule.cron', 'csv.read', 'list.filter', 'http.request'],
          runs_at_once: false,
        },
        {
          slug: 'price-list',
          name: 'What changed in the price list',
          about: "Compares the supplier's XML with yesterday's and writes the differences into Excel.",
          kinds: ['file.watch', 'xml.read', 'list.join', 'xlsx.write'],
          runs_at_once: true,
        },
        {
          slug: 'bank-statement',
          name: 'Bank statement against invoices',
          about: 'Matches payments with open invoices and writes two reports.',
          kinds: ['csv.read', 'list.join', 'csv.write'],
          runs_at_once: true,
        },
        {
          slug: 'order-stock',
          name: 'Web order, stock check, queue',
          about: 'Takes an order from the shop, looks at the stock, and hands it to the warehouse.',
          kinds: ['webhook.receive', 'sql.query', 'rabbitmq.publish'],
          runs_at_once: false,
        },
      ],
    }),
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

function problemsOf(text: string): Problem[] {
  const doc = JSON.parse(text) as Doc;
  const problems: Problem[] = [];
  for (const [id, node] of Object.entries(doc.nodes)) {
    const kind = fakeKinds.find((it) => it.kind === node.kind);
    const say = (code: string, sentence: string, pointer: string | null) =>
      problems.push({ severity: 'error', code, sentence, node: id, port: null, pointer, fix: null });
    if (!kind) {
      say('unknown_kind', `This Arna does not know the kind ${node.kind}.`, null);
      continue;
    }
    const required = (kind.schema as { required: string[] }).required;
    for (const field of required)
      if (!node.config?.[field]) say('missing_field', `${field} is missing.`, `/${field}`);
    if (kind.inputs.length && !doc.wires.some(([, to]) => to.split('.')[0] === id)) {
      problems.push({
        severity: 'warning',
        code: 'not_reached',
        sentence: 'Nothing leads here, so it never runs.',
        node: id,
        port: null,
        pointer: null,
        fix: null,
      });
    }
  }
  return problems;
}

function authorityOf(doc: Doc) {
  return Object.entries(doc.slots ?? {}).map(([name, slot]) => ({
    node:
      Object.entries(doc.nodes).find(([, node]) => node.connection === name)?.[0] ??
      Object.keys(doc.nodes)[0] ??
      '',
    resource: slot.connection
      ? { type: 'connection' as const, slot: name }
      : { type: 'folder' as const, path: name, writes: slot.folder !== 'read' },
    sentence: slot.connection
      ? `Calls the system behind ${name} (${slot.connection}).`
      : `${slot.folder === 'read' ? 'Reads' : 'Writes'} files in the folder you choose for ${name}.`,
    granted: false,
  }));
}

function plainCounts(doc: Doc): RunCounts {
  const port = (end: string, side: 'inputs' | 'outputs') => {
    const [node = '', name] = end.split('.');
    const kind = fakeKinds.find((it) => it.kind === doc.nodes[node]?.kind);
    return `${node}.${name ?? kind?.[side][0]?.name ?? 'out'}`;
  };
  return {
    nodes: Object.fromEntries(
      Object.keys(doc.nodes).map((id) => [
        id,
        { state: 'ok' as const, records_in: 24, records_out: 24, failed: 0, parked: 0, busy_ms: 40 },
      ]),
    ),
    wires: Object.fromEntries(
      doc.wires.map(([from, to]) => [`${port(from, 'outputs')}>${port(to, 'inputs')}`, 24]),
    ),
  };
}

function partly(full: RunCounts, ids: string[], done: number): RunCounts {
  const finished = new Set(ids.slice(0, done));
  const running = ids[done];
  const nodes = Object.fromEntries(
    ids
      .filter((id) => finished.has(id) || id === running)
      .map((id) => {
        const counts = full.nodes[id] ?? {
          state: 'ok' as const,
          records_in: 0,
          records_out: 0,
          failed: 0,
          parked: 0,
          busy_ms: 0,
        };
        return [
          id,
          finished.has(id) ? counts : { ...counts, state: 'running' as const, records_out: 0, failed: 0 },
        ];
      }),
  );
  return {
    nodes,
    wires: Object.fromEntries(
      Object.entries(full.wires).filter(([key]) => finished.has(key.split('.')[0] ?? '')),
    ),
  };
}

function fakeFailed(start: number): FailedGroup[] {
  const error = {
    code: 'refused',
    sentence: 'ledger answered 422: BIN has 11 digits, 12 are needed.',
    cause: '{"error":"bin_length"}',
  };
  const record = (index: number) => ({
    id: `x${index}`,
    run: 'r25',
    record: recordAt(index),
    error,
    attempts: 1,
    failed_ms: start - 12 * MINUTE,
  });
  const late = { code: 'timeout', sentence: 'shop did not answer within 30 seconds.', cause: null };
  return [
    {
      group: 'g1',
      flow: 'f1',
      flow_name: 'Paid orders to the ledger',
      node: 'post',
      error,
      count: 3,
      first_ms: start - 13 * MINUTE,
      last_ms: start - 12 * MINUTE,
      records: [record(1), record(9), record(17)],
    },
    {
      group: 'g2',
      flow: 'f2',
      flow_name: 'Web orders to the warehouse queue',
      node: 'stock',
      error: late,
      count: 1,
      first_ms: start - 3 * HOUR,
      last_ms: start - 3 * HOUR,
      records: [{ ...record(30), id: 'x30', error: late, attempts: 5 }],
    },
  ];
}

function fakeConnections(start: number): ConnectionRow[] {
  return [
    {
      name: 'ledger',
      kind: 'http',
      config: { address: 'https://api.ledger.kz', rate_per_s: 10 },
      secrets: ['token'],
      health: { state: 'good' },
      last_use_ms: start - 12 * MINUTE,
      used_by: ['Paid orders to the ledger'],
    },
    {
      name: 'warehouse',
      kind: 'postgres',
      config: { address: 'postgres://db.local/warehouse' },
      secrets: ['password'],
      health: { state: 'good' },
      last_use_ms: start - 12 * MINUTE,
      used_by: ['Paid orders to the ledger'],
    },
    {
      name: 'shop',
      kind: 'postgres',
      config: { address: 'postgres://shop.local/shop' },
      secrets: ['password'],
      health: { state: 'unknown' },
      last_use_ms: start - 3 * HOUR,
      used_by: ['Web orders to the warehouse queue'],
    },
    {
      name: 'queue',
      kind: 'rabbitmq',
      config: { address: 'amqp://queue.local' },
      secrets: ['password'],
      health: {
        state: 'open',
        retry_ms: start + 4 * MINUTE,
        error: { code: 'unavailable', sentence: 'queue.local refused the connection.', cause: null },
      },
      last_use_ms: start - HOUR,
      used_by: ['Web orders to the warehouse queue'],
    },
  ];
}
