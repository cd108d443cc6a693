/** The flows, records and runs the fake engine starts with. */
import type { Datum, NodeCounts, RunState } from '../index.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

const ledger = {
  arna: 1,
  name: 'Paid orders to the ledger',
  zone: 'Asia/Almaty',
  nodes: {
    morning: {
      kind: 'schedule.cron',
      title: 'Every weekday',
      config: { cron: '0 9 * * MON-FRI', missed: 'latest' },
    },
    orders: {
      kind: 'csv.read',
      title: 'Orders file',
      config: {
        path: '{{ slots.inbox }}/orders.csv',
        encoding: 'windows-1251',
        columns: { qty: 'number', price: 'number' },
      },
    },
    paid: { kind: 'list.filter', title: 'Only paid', config: { keep: '= status = "paid" and total > 0' } },
    customers: {
      kind: 'sql.query',
      title: 'Customers',
      connection: 'warehouse',
      config: { sql: 'select bin, code, name from counterparties' },
    },
    shape: {
      kind: 'list.map',
      title: 'Shape',
      config: {
        fields: ['bin', 'code', 'name', 'city'].map((name) => ({ name, value: `= ${name}` })),
      },
    },
    match: {
      kind: 'list.join',
      title: 'Match by BIN',
      config: { on: [{ left: '= bin', right: '= bin' }], keep: 'left', right_into: 'customers' },
    },
    post: {
      kind: 'http.request',
      title: 'Post invoice',
      connection: 'ledger',
      config: {
        method: 'POST',
        url: '/v2/invoices',
        again: 'same_key',
        body: '= {number: id, customer: customers.code, sum: qty * price, currency: "KZT"}',
      },
      policy: { retry: 'patient', timeout_s: 30 },
    },
  },
  wires: [
    ['morning', 'orders'],
    ['morning', 'customers'],
    ['orders', 'paid'],
    ['paid', 'match'],
    ['customers', 'shape'],
    ['shape', 'match.right'],
    ['match', 'post'],
  ],
  slots: { ledger: { connection: 'http' }, warehouse: { connection: 'postgres' }, inbox: { folder: 'read' } },
  layout: {
    morning: [40, 40],
    orders: [316, 40],
    paid: [592, 40],
    customers: [316, 256],
    shape: [592, 256],
    match: [868, 148],
    post: [1190, 148],
  },
  notes: [
    {
      text: 'Unmatched BINs: accounting fixes them in 1C, then resend.',
      at: [1198, 10],
      size: [196, 76],
      color: 'sand',
    },
  ],
  groups: [{ title: 'Collect paid orders', nodes: ['morning', 'orders', 'paid'] }],
};

const prices = {
  arna: 1,
  name: 'Supplier price list: what changed',
  zone: 'Asia/Almaty',
  nodes: {
    arrived: { kind: 'file.watch', config: { folder: '{{ slots.prices }}', pattern: '*.xml' } },
    list: { kind: 'xml.read', config: { path: '= path', record: 'offer' } },
    write: { kind: 'xlsx.write', config: { path: '{{ slots.out }}/changes.xlsx' } },
  },
  wires: [
    ['arrived', 'list'],
    ['list', 'write'],
  ],
  slots: { prices: { folder: 'read' }, out: { folder: 'write' } },
  layout: { arrived: [0, 0], list: [280, 0], write: [560, 0] },
};

const order = {
  arna: 1,
  name: 'Web orders to the warehouse queue',
  nodes: {
    order: { kind: 'webhook.receive', config: { path: 'orders', answer: 'result', auth: { by: 'none' } } },
    stock: {
      kind: 'sql.query',
      connection: 'shop',
      config: { sql: 'select stock from items where sku = $1', parameters: ['= sku'] },
    },
    queue: {
      kind: 'rabbitmq.publish',
      connection: 'queue',
      config: { exchange: 'orders', routing_key: 'new', body: '= order' },
    },
    answer: { kind: 'webhook.respond', config: { status: 200, body: '= {accepted: true}' } },
  },
  wires: [
    ['order', 'stock'],
    ['stock', 'queue'],
    ['queue', 'answer'],
  ],
  slots: { shop: { connection: 'postgres' }, queue: { connection: 'rabbitmq' } },
  layout: { order: [0, 0], stock: [280, 0], queue: [560, 0], answer: [840, 0] },
};

const tables = {
  arna: 1,
  name: 'Branch tables into one',
  nodes: {
    start: { kind: 'flow.input' },
    read: { kind: 'xlsx.read', config: { path: '{{ slots.in }}/branch.xlsx' } },
    check: { kind: 'list.validate', config: { schema: { type: 'object' } } },
    write: { kind: 'csv.write', config: { path: '{{ slots.in }}/all.csv' } },
  },
  wires: [
    ['start', 'read'],
    ['read', 'check'],
    ['check', 'write'],
  ],
  slots: { in: { folder: 'read_write' } },
  layout: { start: [0, 0], read: [280, 0], check: [560, 0], write: [840, 0] },
};

export interface Seed {
  id: string;
  folder: string;
  doc: object;
  trigger: string;
  armed: boolean;
  next_ms: number | null;
  moved: number;
  note: string;
  strip: string;
}

export const seeds: Seed[] = [
  {
    id: 'f1',
    folder: 'Sales',
    doc: ledger,
    trigger: 'Weekdays 09:00 Almaty',
    armed: true,
    next_ms: 3 * HOUR,
    moved: 12_402,
    note: 'Aigerim, accounting',
    strip: 'oooooooopooooonooooopoooooooop',
  },
  {
    id: 'f2',
    folder: 'Sales',
    doc: order,
    trigger: 'Webhook /hooks/orders',
    armed: true,
    next_ms: null,
    moved: 48_117,
    note: 'Answers the shop within a second',
    strip: 'oooooooooooooooooooooooooooooo',
  },
  {
    id: 'f3',
    folder: 'Purchasing',
    doc: prices,
    trigger: 'New file in prices',
    armed: true,
    next_ms: null,
    moved: 3_870,
    note: '',
    strip: 'oooofooooooooofoooooooooo',
  },
  {
    id: 'f4',
    folder: '',
    doc: tables,
    trigger: 'By hand',
    armed: false,
    next_ms: null,
    moved: 0,
    note: 'Month end',
    strip: '',
  },
];

export const barState = (letter: string): RunState =>
  letter === 'p' ? 'partial' : letter === 'f' ? 'failed' : letter === 'n' ? 'waiting' : 'ok';

const count = (
  state: NodeCounts['state'],
  records_in: number,
  records_out: number,
  busy_ms: number,
  failed = 0,
): NodeCounts => ({
  state,
  records_in,
  records_out,
  busy_ms,
  failed,
  parked: 0,
});

export const ledgerCounts = {
  nodes: {
    morning: count('ok', 0, 1, 1),
    orders: count('ok', 1, 1204, 212),
    paid: count('ok', 1204, 1204, 20),
    customers: count('ok', 1, 3870, 1100),
    shape: count('ok', 3870, 3870, 31),
    match: count('ok', 4282, 412, 44),
    post: count('partial', 409, 406, 4200, 3),
  },
  wires: {
    'morning.out>orders.in': 1,
    'morning.out>customers.in': 1,
    'orders.out>paid.in': 1204,
    'paid.kept>match.left': 412,
    'customers.out>shape.in': 3870,
    'shape.out>match.right': 3870,
    'match.matched>post.in': 409,
  },
};

const people = [
  'ТОО "Алатау Трейд"',
  'ИП Қасымов',
  'ТОО "Өркен Логистик"',
  'АО "Ұлытау Энерго"',
  'ТОО "Сарыарқа Снаб"',
  'ИП Нұрлан',
  'ТОО "Көктем"',
];

/** The record at a place of a table that is never held whole. */
export function recordAt(index: number): Datum {
  const qty = ((index * 7) % 12) + 1;
  const price = 1990.5 + ((index * 4099) % 300_000);
  return {
    id: `10-${4471 + index}`,
    customer: people[index % people.length] ?? '',
    bin: String(960_140_000_000 + ((index * 7919) % 9_999_999)).padStart(12, '0'),
    status: 'paid',
    qty,
    price,
    discount: index % 4 === 0 ? 0.1 : 0,
    customers: { code: `C-${100 + (index % 40)}` },
    total: Math.round(qty * price * 100) / 100,
    paid_at: { $: 'date time', text: `2026-11-22T08:${String(41 + (index % 19)).padStart(2, '0')}:00+05:00` },
  };
}
