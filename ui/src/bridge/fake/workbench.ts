/** The commands about the engine itself, settings, connections, formulas and the gallery. */
import type { ConnectionRow, Health } from '../index.ts';
import { evaluate } from './formula.ts';
import { type Answers, fakeGallery, kinds } from './parts.ts';
import { HOUR, seeds } from './seeds.ts';
import { refused, type World } from './world.ts';

type Workbench =
  | 'health'
  | 'engine.pause'
  | 'catalogue'
  | 'settings.get'
  | 'settings.set'
  | 'places.list'
  | 'schedule.next'
  | 'connections.list'
  | 'connections.save'
  | 'connections.test'
  | 'connections.delete'
  | 'formula.eval'
  | 'formula.complete'
  | 'formula.functions'
  | 'audit.list'
  | 'gallery.list'
  | 'gallery.get';

const healthOf = (world: World): Health => ({
  version: '0.1.0',
  started_ms: world.start,
  queue: 0,
  running: 0,
  disk_free_bytes: 9e10,
  disk_used_bytes: 4e7,
  disk_budget_bytes: 2 ** 31,
  memory_bytes: 3e7,
  armed: 2,
  next_fire_ms: null,
  held_connections: [],
  failed: world.groups.reduce((sum, group) => sum + group.count, 0),
  questions: world.questions.length,
  troubles: [],
  vault: 'keychain',
  hooks: '127.0.0.1:7420',
  paused: world.isPaused,
});

export const workbenchAnswers = (world: World): Pick<Answers, Workbench> => ({
  health: () => healthOf(world),
  'engine.pause': ({ paused }) => {
    world.isPaused = paused;
    return healthOf(world);
  },
  catalogue: () => ({ kinds }),
  'settings.get': () => world.settings,
  'settings.set': (next) => {
    world.settings = next;
    return next;
  },
  'places.list': ({ folder }) => {
    const here = folder ?? '/home/office';
    return {
      folder: here,
      parent: here.slice(0, here.lastIndexOf('/')) || null,
      folders: ['inbox', 'reports'].map((name) => ({ name, path: `${here}/${name}` })),
      files: [{ name: 'orders.csv', path: `${here}/orders.csv` }],
      is_cut: false,
    };
  },
  'schedule.next': ({ cron, zone }) => {
    if (cron.trim().split(/\s+/).length !== 5)
      throw refused('bad_request', 'A schedule has five parts: minute, hour, day, month, weekday.', '/cron');
    return {
      words: `${cron}, ${zone}`,
      next: [1, 2, 3, 4, 5].map((day) => ({
        at_ms: world.start + day * 24 * HOUR,
        local: new Date(world.start + day * 24 * HOUR).toISOString().slice(0, 10).concat('T09:00:00+05:00'),
      })),
    };
  },
  'connections.list': () => ({ connections: world.connections }),
  'connections.save': ({ name, kind, config, secrets }) => {
    const old = world.connections.findIndex((row) => row.name === name);
    const row: ConnectionRow = {
      name,
      kind,
      config,
      secrets: Object.keys(secrets ?? {}),
      health: { state: 'unknown' },
      last_use_ms: null,
      used_by: [],
    };
    world.connections.splice(old < 0 ? world.connections.length : old, old < 0 ? 0 : 1, row);
    return {};
  },
  'connections.test': ({ name }) => ({
    ok: name !== 'queue',
    sentence: name === 'queue' ? 'queue.local refused the connection.' : 'The system answered.',
    took_ms: 84,
  }),
  'audit.list': () => ({ lines: [], whole: 0, broken: null }),
  'connections.delete': ({ name }) => {
    world.connections.splice(
      world.connections.findIndex((row) => row.name === name),
      1,
    );
    return {};
  },
  'formula.eval': ({ text, record, form }) =>
    form === 'template' && !text.startsWith('=')
      ? { value: text, type: 'text', fault: null, reads: [] }
      : evaluate(text, record),
  'formula.complete': ({ text, at, record }) => {
    const word = /[\p{L}_][\p{L}\d_.]*$/u.exec(text.slice(0, at))?.[0] ?? '';
    const fields = typeof record === 'object' && record && !Array.isArray(record) ? Object.keys(record) : [];
    return {
      from: at - word.length,
      options: [
        ...fields.map((name) => ({ label: name, insert: name, type: 'field', detail: '' })),
        { label: 'sum', insert: 'sum(', type: 'function', detail: 'sum(list)' },
      ],
    };
  },
  'formula.functions': () => ({
    functions: [
      {
        name: 'sum',
        signature: 'sum(list)',
        group: 'lists',
        help: 'Adds the numbers of a list.',
        example: 'sum([1, 2])',
        gives: '3',
      },
    ],
  }),
  'gallery.list': () => ({ flows: fakeGallery }),
  'gallery.get': ({ slug }) => ({
    slug,
    text: JSON.stringify(
      seeds[slug === 'order-stock' ? 1 : slug === 'price-list' ? 2 : slug === 'bank-statement' ? 3 : 0]
        ?.doc ?? {},
    ),
    readme: '',
  }),
});
