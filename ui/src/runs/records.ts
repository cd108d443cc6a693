/** Records of a step, read page by page as they come into view; never the whole table. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Datum, engine } from '../bridge/index.ts';

const PAGE = 100;
/** Pages kept; the farthest is forgotten first. */
const KEPT = 40;

export interface Records {
  total: number;
  /** Records that can be looked at: all of them, or the first ones that were kept; of the latter only those surely there until the end is known. */
  kept: number;
  /** Whether it is known where the kept ones end. */
  isCounted: boolean;
  columns: readonly string[];
  isWhole: boolean;
  error: string | undefined;
  /** The record at a place, if it has been read; asks for its page otherwise. */
  at: (index: number) => Datum | undefined;
}

interface Place {
  run: string | undefined;
  node: string | undefined;
  side: 'in' | 'out';
  /** The port; none is the first. */
  port: string | undefined;
  search: string;
}

/**
 * How many records can be read, where only the first ones were kept and only their pages tell how many: by halves, so that
 * a million take a dozen questions. `full` pages are known to be full.
 */
export async function endOfKept(
  total: number,
  full: number,
  lengthOf: (page: number) => Promise<number>,
): Promise<number> {
  let low = full;
  let high = Math.ceil(total / PAGE);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const length = await lengthOf(middle);
    if (length === PAGE) low = middle + 1;
    else if (length) return middle * PAGE + length;
    else high = middle;
  }
  return low * PAGE;
}

interface Head {
  total: number;
  kept: number;
  isCounted: boolean;
  columns: string[];
  isWhole: boolean;
  error?: string;
}
const NOTHING: Head = { total: 0, kept: 0, isCounted: true, columns: [], isWhole: true };

export function useRecords({ run, node, side, port, search }: Place): Records {
  const [, redraw] = useState(0);
  const [head, setHead] = useState<Head>(NOTHING);
  const pages = useRef(new Map<number, Datum[] | 'asked'>());
  const place = `${run}/${node}/${side}/${port}/${search}`;
  const shown = useRef(place);
  const counted = useRef('');

  const ask = useCallback(
    (page: number) => {
      if (!run || !node || pages.current.has(page)) return;
      pages.current.set(page, 'asked');
      const asked = place;
      const read = (at: number) =>
        engine().call('run.records', {
          run,
          node,
          side,
          port,
          offset: at * PAGE,
          limit: PAGE,
          search: search || undefined,
        });
      const fail = (error: unknown) =>
        shown.current === asked &&
        setHead({ ...NOTHING, error: error instanceof Error ? error.message : String(error) });
      read(page).then((answer) => {
        if (shown.current !== asked) return;
        pages.current.set(page, answer.records);
        if (pages.current.size > KEPT)
          pages.current.delete(
            [...pages.current.keys()].sort((a, b) => Math.abs(b - page) - Math.abs(a - page))[0] ?? -1,
          );
        redraw((count) => count + 1);
        // the end is looked for once, from the first page; what is searched for is counted among the kept ones
        if (page > 0 || counted.current === asked) return;
        counted.current = asked;
        const isCounted = answer.whole || Boolean(search) || answer.records.length < PAGE;
        const kept = answer.whole || search ? answer.total : answer.records.length;
        setHead({ total: answer.total, kept, isCounted, columns: answer.columns, isWhole: answer.whole });
        if (isCounted) return;
        const lengthOf = (at: number) =>
          shown.current === asked ? read(at).then((it) => it.records.length) : Promise.resolve(0);
        endOfKept(answer.total, 1, lengthOf).then(
          (end) => shown.current === asked && setHead((now) => ({ ...now, kept: end, isCounted: true })),
          fail,
        );
      }, fail);
    },
    [run, node, side, port, search, place],
  );

  useEffect(() => {
    shown.current = place;
    pages.current = new Map();
    counted.current = '';
    setHead(NOTHING);
    const timer = setTimeout(() => ask(0), search ? 150 : 0);
    return () => clearTimeout(timer);
  }, [place, ask, search]);

  const at = useCallback(
    (index: number): Datum | undefined => {
      const page = pages.current.get(Math.floor(index / PAGE));
      if (page === undefined) ask(Math.floor(index / PAGE));
      return Array.isArray(page) ? page[index % PAGE] : undefined;
    },
    [ask],
  );
  return { ...head, error: head.error, at };
}
