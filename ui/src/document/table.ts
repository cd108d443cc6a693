/** A table that was copied from a spreadsheet or a CSV file, as records. */
import type { Json } from '../bridge/index.ts';

export type TableRecord = { [column: string]: Json };

/** Why a text that looks like a table is none: the row, counted from 1 with the head, and what it has. */
export type TableFault =
  | { reason: 'table_width'; row: number; has: number; head: number }
  | { reason: 'table_quote'; row: number }
  | { reason: 'table_long'; rows: number; most: number };

/** Rows that a flow file holds as a sample; more of them are a file to be read. */
const MOST_ROWS = 1000;
const DELIMITERS = ['\t', ';', ','];

interface Cut {
  rows: string[][];
  /** The row in which a quote was opened and never closed. */
  openIn: number | undefined;
}

/** Cuts a text into rows of values; quoted values may hold delimiters, line breaks and doubled quotes. */
function cut(text: string, delimiter: string): Cut {
  const rows: string[][] = [];
  let row: string[] = [];
  let value = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (isQuoted) {
      if (sign !== '"') value += sign;
      else if (text[at + 1] === '"') {
        value += '"';
        at++;
      } else isQuoted = false;
    } else if (sign === '"' && !value) isQuoted = true;
    else if (sign === delimiter) {
      row.push(value);
      value = '';
    } else if (sign === '\n') {
      rows.push([...row, value]);
      row = [];
      value = '';
    } else value += sign;
  }
  return { rows: [...rows, [...row, value]], openIn: isQuoted ? rows.length + 1 : undefined };
}

/** A name for each column: what the head says; a number where it says nothing, or says it twice. */
function namesOf(head: readonly string[]): string[] {
  const taken = new Set<string>();
  return head.map((word, place) => {
    const base = word.trim() || `column_${place + 1}`;
    let name = base;
    for (let count = 2; taken.has(name); count++) name = `${base}_${count}`;
    taken.add(name);
    return name;
  });
}

/** How the values of a column are read: as numbers where all of them are, and none has a zero in front or more digits than count exactly. */
function readerOf(values: readonly string[], delimiter: string): (text: string) => Json {
  const filled = values.map((it) => it.trim()).filter(Boolean);
  const number = delimiter === ',' ? /^-?(0|[1-9]\d*)(\.\d+)?$/ : /^-?(0|[1-9]\d*)([.,]\d+)?$/;
  const isNumber = filled.length > 0 && filled.every((it) => number.test(it) && it.length <= 15);
  const isYesNo = filled.length > 0 && filled.every((it) => /^(true|false)$/i.test(it));
  return (text) => {
    const value = text.trim();
    if (!value) return null;
    if (isNumber) return Number(value.replace(',', '.'));
    return isYesNo ? value.toLowerCase() === 'true' : text;
  };
}

/** The records of a table with a head; what is wrong with it; or nothing when the text is no table at all. */
export function readTable(text: string): TableRecord[] | TableFault | undefined {
  const whole = text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .replace(/\n+$/, '');
  const [first = '', second = ''] = whole.split('\n', 2);
  const delimiter = DELIMITERS.find(
    (it) => first.includes(it) && (second.includes(it) || whole.includes('"')),
  );
  if (!delimiter || !second) return undefined;
  const { rows, openIn } = cut(whole, delimiter);
  const [head = [], ...body] = rows;
  // two lines of prose have commas too: only where the first rows agree is a table meant
  const isMeant =
    openIn !== undefined ? delimiter !== ',' || whole.includes(',"') : body[0]?.length === head.length;
  if (!isMeant) return undefined;
  if (openIn !== undefined) return { reason: 'table_quote', row: openIn };
  if (body.length > MOST_ROWS) return { reason: 'table_long', rows: body.length, most: MOST_ROWS };
  const odd = body.findIndex((row) => row.length !== head.length);
  if (odd >= 0)
    return { reason: 'table_width', row: odd + 2, has: body[odd]?.length ?? 0, head: head.length };
  const names = namesOf(head);
  const readers = names.map((_, place) =>
    readerOf(
      body.map((row) => row[place] ?? ''),
      delimiter,
    ),
  );
  return body.map((row) =>
    Object.fromEntries(names.map((name, place) => [name, readers[place]?.(row[place] ?? '') ?? null])),
  );
}
