/** Sentences that come from outside the editor in English, said in the language of the window; the tables load with the language. */

/** English sentence to its translation; `{name}` in both stands for a part that differs. */
export type SentenceTable = Readonly<Record<string, string>>;

/** Says a sentence in another language, or as it came where the tables do not have it. */
export type Say = (sentence: string) => string;

interface Pattern {
  test: RegExp;
  /** The letters that are not holes: the pattern with most of them fits best. */
  weight: number;
  holes: string[];
  words: string;
}

/** Longer sentences are not looked at: they hold a text of somebody else, and matching would cost time. */
const MOST_LETTERS = 4000;
/** How deep a sentence may stand inside another: a cause inside a failure inside a step. */
const MOST_DEPTH = 4;

const HOLE = /\{(\w*)\}/g;
const plain = (text: string): string => text.replace(/\s+/g, ' ').trim();
const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Names of the holes of a pattern; unnamed ones are counted: `0`, `1`. */
function holesOf(pattern: string): string[] {
  let count = 0;
  return [...pattern.matchAll(HOLE)].map(([, name]) => name || String(count++));
}

function compile(pattern: string, words: string): Pattern {
  // a text of its own never holds a hole that begins and ends inside it
  const parts = pattern.split(/\{\w*\}/);
  return {
    test: new RegExp(`^${parts.map(literal).join('([\\s\\S]*?)')}$`),
    weight: parts.join('').length,
    holes: holesOf(pattern),
    words,
  };
}

/** Puts captured parts into the holes of a translation. */
function fill(words: string, parts: ReadonlyMap<string, string>): string {
  let count = 0;
  return words.replace(HOLE, (hole, name: string) => parts.get(name || String(count++)) ?? hole);
}

/** Makes one translator of tables; a captured part that is a sentence of the tables itself is translated too. */
export function sayingOf(tables: readonly SentenceTable[]): Say {
  const whole = new Map<string, string>();
  const patterns: Pattern[] = [];
  for (const [english, words] of tables.flatMap(Object.entries)) {
    const key = plain(english);
    whole.set(key, words);
    if (holesOf(key).length) patterns.push(compile(key, words));
  }
  patterns.sort((a, b) => b.weight - a.weight);
  const known = new Map<string, string>();

  const find = (text: string, depth: number): string | undefined => {
    const exact = whole.get(text);
    if (exact !== undefined) return exact;
    for (const { test, holes, words } of patterns) {
      const found = test.exec(text);
      if (!found) continue;
      const parts = holes.map((name, index) => {
        const part = found[index + 1] ?? '';
        return [name, depth < MOST_DEPTH ? (find(plain(part), depth + 1) ?? part) : part] as const;
      });
      return fill(words, new Map(parts));
    }
    return undefined;
  };
  return (sentence) => {
    if (sentence.length > MOST_LETTERS) return sentence;
    const before = known.get(sentence);
    if (before !== undefined) return before;
    const said = find(plain(sentence), 0) ?? sentence;
    if (known.size > 2000) known.clear();
    known.set(sentence, said);
    return said;
  };
}
