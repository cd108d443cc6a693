/** Records of a step, read page by page as they come into view; never the whole table. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Datum, engine } from '../bridge/index.ts';

const PAGE = 100;
/** Pages kept; the farthest is forgotten first. */
const KEPT = 40;

export interface Records {
  total: number;
  /** Records that can be looked at: all of them, or the first ones that were kept. */
  kept: number;
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

export function useRecords({ run, node, side, port, search }: Place): Records {
  const [, redraw] = useState(0);
  const [head, setHead] = useState<{
    total: number;
    kept: number;
    columns: string[];
    isWhole: boolean;
    error?: string;
  }>({
    total: 0,
    kept: 0,
    columns: [],
    isWhole: true,
  });
  const pages = useRef(new Map<number, Datum[] | 'asked'>());
  const place = `${run}/${node}/${side}/${port}/${search}`;
  const shown = useRef(place);

  const ask = useCallback(
    (page: number) => {
      if (!run || !node || pages.current.has(page)) return;
      pages.current.set(page, 'asked');
      const asked = place;
      engine()
        .call('run.records', {
          run,
          node,
          side,
          port,
          offset: page * PAGE,
          limit: PAGE,
          search: search || undefined,
        })
        .then(
          (answer) => {
            if (shown.current !== asked) return;
            pages.current.set(page, answer.records);
            if (pages.current.size > KEPT)
              pages.current.delete(
                [...pages.current.keys()].sort((a, b) => Math.abs(b - page) - Math.abs(a - page))[0] ?? -1,
              );
            const end = page * PAGE + answer.records.length;
            // a page that is not full is the last that was kept
            const kept = answer.records.length < PAGE && !answer.whole ? end : answer.total;
            setHead((now) => ({
              total: answer.total,
              kept: now.total && !answer.whole ? Math.min(now.kept, kept) : kept,
              columns: page === 0 ? answer.columns : now.columns,
              isWhole: answer.whole,
            }));
            redraw((count) => count + 1);
          },
          (error: unknown) =>
            shown.current === asked &&
            setHead({
              total: 0,
              kept: 0,
              columns: [],
              isWhole: true,
              error: error instanceof Error ? error.message : String(error),
            }),
        );
    },
    [run, node, side, port, search, place],
  );

  useEffect(() => {
    shown.current = place;
    pages.current = new Map();
    setHead({ total: 0, kept: 0, columns: [], isWhole: true });
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
