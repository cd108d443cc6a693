/** Two lists put side by side by their keys, as a join would: what meets, and what stays alone. */
import { type Datum, engine } from '../bridge/index.ts';
import { plain } from './sample.ts';

export interface Keyed {
  record: Datum;
  /** The values that must be equal, in the order of the form. */
  key: readonly Datum[];
}

export interface Match {
  pairs: readonly [Keyed, Keyed][];
  leftOnly: readonly Keyed[];
  rightOnly: readonly Keyed[];
  /** Places in the key where all values on the left are of one type and all on the right of another: nothing can meet there. */
  unlike: readonly { left: string; right: string }[];
}

/** A key as text; none where a part is empty, for that meets nothing. */
function keyText({ key }: Keyed): string | undefined {
  return key.some((it) => it === null) ? undefined : JSON.stringify(key);
}

function typesAt(side: readonly Keyed[], place: number): string[] {
  return [...new Set(side.map((it) => plain(it.key[place] ?? null).type))].filter((it) => it !== 'null');
}

export function matchOf(left: readonly Keyed[], right: readonly Keyed[]): Match {
  const partners = new Map<string, Keyed>();
  for (const it of right) {
    const text = keyText(it);
    // the first one is taken, as the engine does; what repeats its key is neither matched nor alone
    if (text !== undefined && !partners.has(text)) partners.set(text, it);
  }
  const met = new Set<string>();
  const pairs: [Keyed, Keyed][] = [];
  const leftOnly: Keyed[] = [];
  for (const it of left) {
    const text = keyText(it);
    const partner = text === undefined ? undefined : partners.get(text);
    if (partner && text !== undefined) {
      met.add(text);
      pairs.push([it, partner]);
    } else leftOnly.push(it);
  }
  const rightOnly = right.filter((it) => {
    const text = keyText(it);
    return text === undefined || (partners.get(text) === it && !met.has(text));
  });
  const places = Math.max(left[0]?.key.length ?? 0, right[0]?.key.length ?? 0);
  const unlike = Array.from({ length: places }, (_, place) => place).flatMap((place) => {
    const [a, b] = [typesAt(left, place), typesAt(right, place)];
    const [one, other] = [a[0], b[0]];
    return one && other && a.length === 1 && b.length === 1 && one !== other
      ? [{ left: one, right: other }]
      : [];
  });
  return { pairs, leftOnly, rightOnly, unlike };
}

/** The name of the field a formula reads and gives as it is; none for any other formula. */
export function bareField(formula: string): string | undefined {
  const found = /^\s*=?\s*(?:`([^`]+)`|([\p{L}_][\p{L}\d_]*))\s*$/u.exec(formula);
  const word = found?.[1] ?? found?.[2];
  return word === undefined || ['true', 'false', 'null'].includes(word) ? undefined : word;
}

async function keyOf(record: Datum, formula: string, flow: string): Promise<Datum> {
  const field = bareField(formula);
  if (field !== undefined)
    return typeof record === 'object' && record !== null && !Array.isArray(record)
      ? (record[field] ?? null)
      : null;
  if (!formula.replace(/^\s*=/, '').trim()) return null;
  const { value } = await engine().call('formula.eval', { text: formula, record, form: 'formula', flow });
  return value;
}

/** The records of one side with their keys. */
export const keyed = (
  records: readonly Datum[],
  formulas: readonly string[],
  flow: string,
): Promise<Keyed[]> =>
  Promise.all(
    records.map(async (record) => ({
      record,
      key: await Promise.all(formulas.map((formula) => keyOf(record, formula, flow))),
    })),
  );

const near = (name: string): string => name.toLowerCase().replace(/[^\p{L}\d]/gu, '');

/** Fields of both sides that have the same name but for case and signs, most telling first: those that look like a key. */
export function likelyKeys(left: readonly string[], right: readonly string[]): [string, string][] {
  const isKey = (name: string) => /(^|_|\b)(id|key|code|number|no|nr|sku|email|iin|bin)($|_|\b)/i.test(name);
  return left
    .flatMap((name): [string, string][] => {
      const other = right.find((it) => near(it) === near(name));
      return other === undefined ? [] : [[name, other]];
    })
    .sort(([a], [b]) => Number(isKey(b)) - Number(isKey(a)));
}
