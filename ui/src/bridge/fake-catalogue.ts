/** The node kinds the fake engine knows: enough of each kind to draw its card and its form. */
import type { Contract, Json, KindRow, PortRow } from './contract.ts';

type Fields = Record<string, Record<string, Json>>;
const port = (name: string): PortRow => ({ name, help: '' });

interface Kind {
  contract: Contract;
  category: string;
  title: string;
  help: string;
  inputs?: string[];
  outputs?: string[];
  connection?: string;
  fields: Fields;
  required?: string[];
  words?: string[];
}

const text = (help: string, extra: Record<string, Json> = {}) => ({
  type: 'string',
  description: help,
  ...extra,
});
const formula = (help: string) => text(help, { 'x-widget': 'formula' });
const template = (help: string) => text(help, { 'x-widget': 'template' });
const choice = (help: string, options: string[], fallback?: string) => ({
  type: 'string',
  enum: options,
  description: help,
  ...(fallback ? { default: fallback } : {}),
});
const flag = (help: string, fallback = false) => ({ type: 'boolean', default: fallback, description: help });
const number = (help: string, fallback?: number) => ({
  type: 'integer',
  description: help,
  minimum: 0,
  ...(fallback === undefined ? {} : { default: fallback }),
});
const mapping = (help: string) => ({
  type: 'object',
  additionalProperties: { type: 'string', 'x-widget': 'formula' },
  'x-widget': 'mapping',
  description: help,
});
const columns = {
  type: 'object',
  'x-widget': 'columns',
  additionalProperties: { type: 'string', enum: ['text', 'number', 'date', 'date time', 'boolean'] },
  description: 'Types of columns that are not text.',
};
const fieldList = (help: string) => ({
  type: 'array',
  items: { type: 'string' },
  'x-widget': 'fields',
  description: help,
});
const path = template('The file. A slot such as {{ slots.inbox }} keeps the flow movable.');
const encoding = choice('The code page of the file.', ['utf-8', 'windows-1251', 'cp866', 'utf-16'], 'utf-8');
const file = (title: string, extra: Fields = {}): Kind => ({
  contract: 'source',
  category: 'files',
  title,
  help: 'Reads a file record by record, however large it is.',
  inputs: ['in'],
  outputs: ['out'],
  fields: { path, ...extra, columns },
  required: ['path'],
});
const through = (title: string, help: string, fields: Fields, required: string[] = []): Kind => ({
  contract: 'transform',
  category: 'records',
  title,
  help,
  inputs: ['in'],
  outputs: ['out'],
  fields,
  required,
});

const KINDS: Record<string, Kind> = {
  'manual.start': {
    contract: 'trigger',
    category: 'starts',
    title: 'By hand',
    help: 'Starts when you press Run.',
    outputs: ['out'],
    fields: {},
  },
  'schedule.cron': {
    contract: 'trigger',
    category: 'starts',
    title: 'Schedule',
    help: 'Starts the flow at the times you choose.',
    outputs: ['out'],
    fields: {
      cron: text('When to start.', { 'x-widget': 'cron' }),
      missed: choice(
        'What to do with times that passed while the computer slept.',
        ['latest', 'all', 'skip'],
        'latest',
      ),
    },
    required: ['cron'],
    words: ['time', 'timer', 'every day'],
  },
  'webhook.receive': {
    contract: 'trigger',
    category: 'starts',
    title: 'Webhook',
    help: 'Starts when another system calls an address of this computer.',
    outputs: ['out'],
    fields: {
      path: text('The last part of the address.'),
      answer: choice('When the caller gets its answer.', ['accepted', 'result'], 'accepted'),
      auth: choice('How the caller proves who it is.', ['signature', 'header', 'path', 'none'], 'signature'),
      secret: text('The secret both sides know.', { 'x-widget': 'secret' }),
    },
    required: ['path'],
  },
  'webhook.respond': {
    contract: 'action',
    category: 'web',
    title: 'Answer the call',
    help: 'Answers the system that called.',
    inputs: ['in'],
    outputs: [],
    fields: { status: number('The HTTP status.', 200), body: formula('What to answer.') },
  },
  'file.watch': {
    contract: 'trigger',
    category: 'starts',
    title: 'New file',
    help: 'Starts when a file has arrived in a folder and is complete.',
    outputs: ['out'],
    fields: { folder: template('The folder to watch.'), pattern: text('Which files.', { default: '*' }) },
    required: ['folder'],
  },
  'rabbitmq.consume': {
    contract: 'trigger',
    category: 'starts',
    title: 'RabbitMQ message',
    help: 'Starts with every message of a queue.',
    outputs: ['out'],
    connection: 'rabbitmq',
    fields: { queue: text('The queue.') },
    required: ['queue'],
  },
  'csv.read': {
    ...file('CSV file', {
      encoding,
      delimiter: text('What stands between cells.', { default: ',' }),
      header: flag('The first line names the columns.', true),
    }),
    words: ['excel', 'table'],
  },
  'csv.write': {
    contract: 'action',
    category: 'files',
    title: 'Write CSV',
    help: 'Writes all records into one file. It appears when it is complete.',
    inputs: ['in'],
    outputs: ['out'],
    fields: { path, encoding, columns: fieldList('Columns, in this order.') },
    required: ['path'],
  },
  'json.read': file('JSON file', { at: text('Where the list stands in the file.', { default: '$' }) }),
  'xml.read': file('XML file', { element: text('The element that is one record.') }),
  'xlsx.read': file('Excel file', { sheet: text('The sheet; the first when left out.') }),
  'xlsx.write': {
    contract: 'action',
    category: 'files',
    title: 'Write Excel',
    help: 'Writes all records into a workbook.',
    inputs: ['in'],
    outputs: ['out'],
    fields: { path, sheet: text('The sheet.', { default: 'Sheet1' }) },
    required: ['path'],
  },
  'list.filter': {
    ...through(
      'Filter',
      'Keeps the records for which the condition is true.',
      { keep: formula('Keep a record when this is true.') },
      ['keep'],
    ),
    outputs: ['kept', 'rest'],
    words: ['where', 'only'],
  },
  'list.map': through(
    'Shape',
    'Gives every record new fields.',
    {
      set: mapping('A field and what goes into it.'),
      keep_others: flag('Keep the other fields as they are.', true),
    },
    ['set'],
  ),
  'list.sort': through(
    'Sort',
    'Puts the records in order.',
    { by: fieldList('Fields to sort by.'), descending: flag('Largest first.') },
    ['by'],
  ),
  'list.limit': through('Limit', 'Lets the first records through.', { count: number('How many.', 100) }),
  'list.group': through(
    'Group',
    'Makes one record of all that share a value.',
    {
      by: fieldList('Fields that must be equal.'),
      totals: mapping('A field and how to total it.'),
    },
    ['by'],
  ),
  'list.dedupe': through(
    'Remove doubles',
    'Lets the first of equal records through.',
    { by: fieldList('Fields that make a record equal to another.') },
    ['by'],
  ),
  'list.append': { ...through('Append', 'One list after another.', {}), inputs: ['first', 'second'] },
  'list.join': {
    ...through(
      'Match',
      'Puts records of two lists together where a value is the same.',
      {
        left_key: formula('The value on the left.'),
        right_key: formula('The value on the right.'),
        kind: choice('Which records come out.', ['inner', 'left', 'right', 'full'], 'left'),
        into: text('The field the match goes into.', { default: 'match' }),
      },
      ['left_key', 'right_key'],
    ),
    inputs: ['left', 'right'],
    outputs: ['matched', 'only_left'],
    words: ['join', 'lookup', 'vlookup'],
  },
  'list.switch': {
    ...through('Switch', 'Sends each record one of several ways.', {
      when: mapping('The way and its condition.'),
    }),
    outputs: ['first', 'second', 'otherwise'],
    category: 'control',
  },
  'list.decide': {
    ...through('Decision table', 'Finds the row that fits and takes its answers.', {
      table: {
        type: 'object',
        'x-widget': 'decision',
        description: 'Conditions on the left, answers on the right. The first row that fits wins.',
      },
      into: text('The field the answer goes into.', { default: 'decision' }),
    }),
    category: 'control',
    words: ['rules', 'dmn'],
  },
  'list.validate': {
    ...through('Check', 'Lets valid records through and says what is wrong with the others.', {
      schema: { type: 'object', 'x-widget': 'json', description: 'The JSON schema a record must fit.' },
    }),
    outputs: ['valid', 'invalid'],
  },
  'http.request': {
    contract: 'action',
    category: 'web',
    title: 'HTTP request',
    help: 'Calls a web service, one call for each record.',
    inputs: ['in'],
    outputs: ['out'],
    connection: 'http',
    fields: {
      method: choice('The verb of the call.', ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], 'GET'),
      url: template('The address, or the part after the address of the connection.'),
      headers: {
        type: 'object',
        'x-widget': 'pairs',
        additionalProperties: { type: 'string' },
        description: 'Headers to send.',
        'x-advanced': true,
      },
      body: { type: ['object', 'string'], 'x-widget': 'mapping', description: 'What to send.' },
      again: choice(
        'What to do when a call was cut off and nobody knows whether it arrived.',
        ['ask', 'same_key', 'look_up', 'retry', 'skip'],
        'ask',
      ),
      into: text('The field the answer goes into; the name of the node when left out.', {
        'x-advanced': true,
      }),
    },
    required: ['url'],
    words: ['rest', 'api', 'post', 'get'],
  },
  'http.pages': {
    contract: 'source',
    category: 'web',
    title: 'HTTP pages',
    help: 'Reads a list that comes in pages.',
    inputs: ['in'],
    outputs: ['out'],
    connection: 'http',
    fields: {
      url: template('The address of the first page.'),
      items: text('Where the list stands in a page.', { default: '$' }),
      next: choice('How the next page is found.', ['page', 'offset', 'cursor', 'link', 'next_url'], 'page'),
    },
    required: ['url'],
  },
  'sql.query': {
    contract: 'source',
    category: 'databases',
    title: 'SQL query',
    help: 'Reads rows from a database.',
    inputs: ['in'],
    outputs: ['out'],
    connection: 'postgres',
    fields: {
      sql: text('The query. :name takes a parameter.', { 'x-widget': 'sql' }),
      params: mapping('Parameters of the query.'),
    },
    required: ['sql'],
  },
  'sql.write': {
    contract: 'action',
    category: 'databases',
    title: 'SQL write',
    help: 'Writes records into a table, each exactly once.',
    inputs: ['in'],
    outputs: ['out'],
    connection: 'postgres',
    fields: {
      table: text('The table.'),
      how: choice('What to do.', ['insert', 'upsert', 'update', 'delete'], 'insert'),
      key: fieldList('Columns that name a row.'),
      values: mapping('A column and its value.'),
    },
    required: ['table'],
  },
  'rabbitmq.publish': {
    contract: 'action',
    category: 'queues',
    title: 'RabbitMQ publish',
    help: 'Sends a message for each record and waits for the confirm.',
    inputs: ['in'],
    outputs: ['out'],
    connection: 'rabbitmq',
    fields: {
      exchange: text('The exchange.'),
      routing_key: template('The routing key.'),
      body: formula('The message.'),
    },
  },
  'flow.call': {
    contract: 'action',
    category: 'control',
    title: 'Call a flow',
    help: 'Runs another flow with these records.',
    inputs: ['in'],
    outputs: ['out'],
    fields: { flow: text('The slot that names the flow.') },
    required: ['flow'],
  },
  'flow.wait': {
    contract: 'action',
    category: 'control',
    title: 'Wait',
    help: 'Goes on later. A wait costs nothing, not even while the computer is off.',
    inputs: ['in'],
    outputs: ['out'],
    fields: { for: formula('How long, such as duration("PT2H").') },
  },
  'flow.log': {
    ...through('Log', 'Writes a line into the run.', { message: template('The line.') }),
    category: 'control',
  },
};

export const fakeKinds: KindRow[] = Object.entries(KINDS).map(([kind, it]) => ({
  kind,
  title: it.title,
  help: it.help,
  category: it.category,
  contract: it.contract,
  version: 1,
  inputs: (it.inputs ?? []).map(port),
  outputs: [...(it.outputs ?? []), ...(it.contract === 'trigger' ? [] : ['error'])].map(port),
  schema: { type: 'object', properties: it.fields as Json, required: it.required ?? [] },
  words: it.words ?? [],
  icon: kind.split('.')[0] ?? kind,
  connection: it.connection ?? null,
}));
