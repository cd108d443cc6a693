/** What the fake engine answers, where it does not depend on what was done to it. */
import catalogue from '../../generated/catalog.json';
import type {
  Authority,
  Catalogue,
  CommandName,
  Commands,
  ConnectionRow,
  FailedGroup,
  FlowFacts,
  GalleryRow,
  KindRow,
  NodeCounts,
  Problem,
  Question,
  RunCounts,
} from '../index.ts';
import { HOUR, MINUTE, recordAt } from './seeds.ts';

/** A function for every command of the contract. */
export type Answers = { [N in CommandName]: (params: Commands[N]['params']) => Commands[N]['answer'] };

/** The kinds of the real engine. */
export const { kinds } = catalogue as unknown as Catalogue;
const kindOf = (name: string | undefined): KindRow | undefined => kinds.find((it) => it.kind === name);

export interface Doc {
  name: string;
  nodes: Record<
    string,
    { kind: string; title?: string; config?: Record<string, unknown>; connection?: string }
  >;
  slots?: Record<string, Record<string, string>>;
  wires: [string, string][];
}

export function problemsOf(text: string): Problem[] {
  const doc = JSON.parse(text) as Doc;
  const problems: Problem[] = [];
  for (const [id, node] of Object.entries(doc.nodes)) {
    const kind = kindOf(node.kind);
    const say = (severity: Problem['severity'], code: string, sentence: string, pointer: string | null) =>
      problems.push({ severity, code, sentence, node: id, port: null, pointer, fix: null });
    if (!kind) {
      say('error', 'unknown_kind', `This Arna does not know the kind ${node.kind}.`, null);
      continue;
    }
    const { required = [] } = kind.schema as { required?: string[] };
    for (const field of required)
      if (!node.config?.[field]) say('error', 'missing_field', `${field} is missing.`, `/${field}`);
    if (kind.inputs.length && !doc.wires.some(([, to]) => to.split('.')[0] === id))
      say('warning', 'not_reached', 'Nothing leads here, so it never runs.', null);
  }
  return problems;
}

export function factsOf(text: string): FlowFacts {
  const doc = JSON.parse(text) as Doc;
  return {
    nodes: Object.entries(doc.nodes).map(([node, { kind: name, config = {} }]) => {
      const kind = kindOf(name);
      const outputs = kind?.outputs.map((port) => port.name) ?? [];
      const telling = ['method', 'url', 'path', 'cron', 'keep', 'sql', 'folder'].map(
        (field) => config[field],
      );
      return {
        node,
        contract: kind?.contract ?? '',
        effect: kind?.contract === 'action' ? 'ambiguous' : null,
        fields: null,
        answer_field: null,
        summary: telling
          .filter((it) => typeof it === 'string')
          .map((it) => it.replace(/^=\s*/, ''))
          .join(' ')
          .slice(0, 80),
        inputs: kind?.inputs.map((port) => port.name) ?? [],
        outputs: kind && kind.contract !== 'trigger' ? [...outputs, 'error'] : outputs,
      };
    }),
  };
}

export function authorityOf(doc: Doc): Authority[] {
  return Object.entries(doc.slots ?? {}).map(([name, slot]) => {
    const writes = slot.folder !== 'read';
    const node =
      Object.entries(doc.nodes).find(([, node]) => node.connection === name)?.[0] ??
      Object.keys(doc.nodes)[0] ??
      '';
    return {
      node,
      title: doc.nodes[node]?.title ?? node,
      resource: slot.connection
        ? { type: 'connection', slot: name, system: slot.connection }
        : { type: 'folder_slot', slot: name, writes },
      sentence: slot.connection
        ? `Calls the system behind ${name} (${slot.connection}).`
        : `${writes ? 'Writes' : 'Reads'} files in the folder you choose for ${name}.`,
      granted: false,
    };
  });
}

export function plainCounts(doc: Doc): RunCounts {
  const port = (end: string, side: 'inputs' | 'outputs') => {
    const [node = '', name] = end.split('.');
    const kind = kindOf(doc.nodes[node]?.kind);
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

export function partly(full: RunCounts, ids: string[], done: number): RunCounts {
  const finished = new Set(ids.slice(0, done));
  const running = ids[done];
  const nodes = Object.fromEntries(
    ids
      .filter((id) => finished.has(id) || id === running)
      .map((id) => {
        const counts: NodeCounts = full.nodes[id] ?? {
          state: 'ok',
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

export function fakeFailed(start: number): FailedGroup[] {
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
      title: 'Post to the ledger',
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
      title: 'Free stock',
      error: late,
      count: 1,
      first_ms: start - 3 * HOUR,
      last_ms: start - 3 * HOUR,
      records: [{ ...record(30), id: 'x30', error: late, attempts: 5 }],
    },
  ];
}

const user = (flow: string, name: string) => ({ flow, name, armed: true, stops: ['Post'], suffers: [] });

export function fakeConnections(start: number): ConnectionRow[] {
  return [
    {
      name: 'ledger',
      kind: 'http',
      config: { address: 'https://api.ledger.kz', rate_per_s: 10 },
      secrets: ['token'],
      health: { state: 'good' },
      last_use_ms: start - 12 * MINUTE,
      used_by: [user('f1', 'Paid orders to the ledger')],
    },
    {
      name: 'warehouse',
      kind: 'postgres',
      config: { address: 'postgres://db.local/warehouse' },
      secrets: ['password'],
      health: { state: 'good' },
      last_use_ms: start - 12 * MINUTE,
      used_by: [user('f1', 'Paid orders to the ledger')],
    },
    {
      name: 'shop',
      kind: 'postgres',
      config: { address: 'postgres://shop.local/shop' },
      secrets: ['password'],
      health: { state: 'unknown' },
      last_use_ms: start - 3 * HOUR,
      used_by: [user('f2', 'Web orders to the warehouse queue')],
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
      used_by: [user('f2', 'Web orders to the warehouse queue')],
    },
  ];
}

export const fakeGallery: GalleryRow[] = [
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
];

export const fakeQuestions = (start: number): Question[] => [
  {
    id: 'q1',
    flow: 'f1',
    flow_name: 'Paid orders to the ledger',
    run: 'r25',
    node: 'post',
    title: 'Post to the ledger',
    sentence: 'Was invoice 10-4490 sent to ledger? The answer was cut off by a power failure.',
    record: { number: '10-4490', sum: 8750 },
    asked_ms: start - 30 * MINUTE,
  },
];
