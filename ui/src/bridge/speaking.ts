/** The engine speaks English; this says its sentences, and what the catalogue tells about kinds, in the language of the window. */
import { saying } from '../kit/i18n.ts';
import type { Say } from '../kit/sentences.ts';
import { galleryIn } from './gallery-words.ts';
import { type Bridge, type CommandName, EngineGone, type Json, type KindRow, Refused } from './index.ts';

/** Fields that hold a text for people in every answer and event. */
const SPOKEN = new Set(['sentence', 'cause', 'title', 'troubles', 'used_by']);
/** Fields that do in one answer, and hold names or data in others. */
const SPOKEN_IN: Partial<Record<CommandName, readonly string[]>> = {
  'flows.list': ['paused', 'trigger'],
  'audit.list': ['detail', 'broken'],
  'flow.versions': ['note'],
  'schedule.next': ['words'],
};
/** Fields of values that hold rows with sentences in one answer. */
const ROWS_IN: Partial<Record<CommandName, string>> = { 'failed.list': 'records' };
/** Fields that hold values of the person, which nothing may touch. */
const VALUES = new Set([
  'body',
  'came',
  'config',
  'default',
  'editor',
  'expected',
  'failed',
  'filled',
  'record',
  'records',
  'sample',
  'text',
  'value',
]);

function spoken(value: unknown, say: Say, also: readonly string[], rows?: string): unknown {
  if (Array.isArray(value)) return value.map((it) => spoken(it, say, also, rows));
  if (typeof value !== 'object' || value === null) return value;
  const row = Object.entries(value);
  // what is proposed at the caret: a function says what it does, a field shows its value
  const isFunction = row.some(([name, it]) => name === 'type' && it === 'function');
  return Object.fromEntries(
    row.map(([name, it]) => {
      if (isFunction && name === 'detail' && typeof it === 'string') return [name, say(it)];
      if (VALUES.has(name) && name !== rows) return [name, it];
      if (SPOKEN.has(name) || also.includes(name)) {
        // triggers of a flow stand one after another
        if (typeof it === 'string') return [name, it.split(' · ').map(say).join(' · ')];
        if (Array.isArray(it)) return [name, it.map((text) => (typeof text === 'string' ? say(text) : text))];
      }
      return [name, spoken(it, say, also, rows)];
    }),
  );
}

/** Descriptions in a JSON schema; names, constants and defaults of it belong to the file. */
function describedIn(schema: Json, say: Say): Json {
  if (Array.isArray(schema)) return schema.map((it) => describedIn(it, say));
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([name, it]) => [
      name,
      name === 'description' && typeof it === 'string' ? say(it) : describedIn(it, say),
    ]),
  );
}

/** A kind in the language; its English words stay words to search by. */
function kindIn(kind: KindRow, say: Say): KindRow {
  const ports = (rows: KindRow['inputs']) => rows.map((port) => ({ ...port, help: say(port.help) }));
  return {
    ...kind,
    title: say(kind.title),
    help: say(kind.help),
    inputs: ports(kind.inputs),
    outputs: ports(kind.outputs),
    schema: describedIn(kind.schema, say),
    words: [...kind.words, kind.title],
  };
}

function isCatalogue(name: CommandName, answer: unknown): answer is { kinds: KindRow[] } {
  return name === 'catalogue' && typeof answer === 'object' && answer !== null && 'kinds' in answer;
}

/** The same bridge, in the language of the window. Where the words cannot be fetched the engine is heard as it speaks. */
export function speaking(bridge: Bridge): Bridge {
  const words = (): Promise<Say> => saying('engine').catch(() => (sentence: string) => sentence);
  return {
    ...bridge,
    async call(name, params) {
      try {
        const [answer, say] = await Promise.all([bridge.call(name, params), words()]);
        if (isCatalogue(name, answer)) {
          const kinds = answer.kinds.map((kind) => kindIn(kind, say));
          return { ...answer, kinds };
        }
        if (name === 'gallery.list' || name === 'gallery.get') {
          return galleryIn(answer, await saying('gallery').catch(() => say)) as typeof answer;
        }
        return spoken(answer, say, SPOKEN_IN[name] ?? [], ROWS_IN[name]) as typeof answer;
      } catch (error) {
        if (error instanceof Refused)
          throw new Refused({ ...error.body, sentence: (await words())(error.body.sentence) });
        if (error instanceof EngineGone) error.message = (await words())(error.message);
        throw error;
      }
    },
    subscribe(listener) {
      // one after another, so that a slow first word does not change the order of what happened
      let last = Promise.resolve();
      return bridge.subscribe((event) => {
        last = last
          .then(async () => listener(spoken(event, await words(), []) as typeof event))
          .catch(reportError);
      });
    },
  };
}
