/** Sentences that come from outside the editor in English, said in the language of the window; the tables load with the language. */

/**
 * English sentence to its translation. A key is a pattern as Rust's `format!` has it: `{name}`, `{name:?}` or `{}` stand for a part
 * that differs. In the translation `{name}` is that part as it came (a name, a value), `{~name}` that part said in the language too
 * (a reason, a type); unnamed parts are `{0}`, `{1}`.
 */
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

const HOLE = /\{(~?)(\w+)\}/g;
const plain = (text: string): string => text.replace(/\s+/g, ' ').trim();
const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function compile(pattern: string, words: string): Pattern | undefined {
  const holes: string[] = [];
  let unnamed = 0;
  let weight = 0;
  // double braces are one brace where Rust fills holes, and two where it does not
  const parts = pattern.split(/(\{\{|\}\}|\{\w*(?::[^{}]*)?\})/).map((part) => {
    if (part === '{{') return '\\{\\{?';
    if (part === '}}') return '\\}\\}?';
    const hole = /^\{(\w*)(?::[^{}]*)?\}$/.exec(part);
    if (hole) {
      holes.push(hole[1] || String(unnamed++));
      return '([\\s\\S]*?)';
    }
    weight += part.length;
    return literal(part);
  });
  // a pattern of nothing but holes would fit everything
  return holes.length && weight > 1
    ? { test: new RegExp(`^${parts.join('')}$`), weight, holes, words }
    : undefined;
}

/** Makes one translator of tables; a captured part that is a sentence of the tables itself is translated too. */
export function sayingOf(tables: readonly SentenceTable[]): Say {
  const whole = new Map<string, string>();
  const patterns: Pattern[] = [];
  for (const [english, words] of tables.flatMap(Object.entries)) {
    const key = plain(english);
    whole.set(key, words);
    const pattern = compile(key, words);
    if (pattern) patterns.push(pattern);
  }
  patterns.sort((a, b) => b.weight - a.weight);
  const known = new Map<string, string>();

  /** A part keeps the space it begins with: it may be a hint after a full stop. */
  const said = (part: string, depth: number): string => {
    const found = find(plain(part), depth);
    return found === undefined ? part : part.startsWith(' ') ? ` ${found.trimStart()}` : found;
  };
  const find = (text: string, depth: number): string | undefined => {
    const exact = whole.get(text);
    if (exact !== undefined) return exact;
    for (const { test, holes, words } of patterns) {
      const found = test.exec(text);
      if (!found) continue;
      const parts = new Map(holes.map((name, index) => [name, found[index + 1] ?? '']));
      return words.replace(HOLE, (hole, isSaid: string, name: string) => {
        const part = parts.get(name) ?? hole;
        return isSaid && depth < MOST_DEPTH ? said(part, depth + 1) : part;
      });
    }
    return undefined;
  };
  return (sentence) => {
    if (sentence.length > MOST_LETTERS) return sentence;
    const before = known.get(sentence);
    if (before !== undefined) return before;
    const words = said(sentence, 0);
    if (known.size > 2000) known.clear();
    known.set(sentence, words);
    return words;
  };
}
