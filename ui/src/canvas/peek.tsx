/** What a wire carried in the run that is shown: its first records, under the pointer. */
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { EngineGone, engine, type RecordsPage, Refused } from '../bridge/index.ts';
import { type End, endOf, type Point } from '../document/flow.ts';
import { live } from '../document/live.ts';
import { plain } from '../document/sample.ts';
import { formatCell, formatNumber } from '../kit/i18n.ts';
import type { WireEdge } from './shape.ts';

const SHOWN = 3;
const COLUMNS = 4;
/** The pointer rests so long on a wire before it is asked for: one that only passes asks for nothing. */
const REST_MS = 180;
/** The room the table takes at most, so that it stays on the canvas. */
const ROOM: Point = [560, 150];

interface Hovered {
  key: string;
  at: Point;
}
const hovered = createStore<{ wire: Hovered | undefined }>(() => ({ wire: undefined }));

export const peekAt = (event: React.MouseEvent, edge: WireEdge): void =>
  hovered.setState({ wire: edge.data && { key: edge.data.key, at: [event.clientX, event.clientY] } });
export const peekAway = (): void => hovered.setState({ wire: undefined });

export function WirePeek() {
  const wire = useStore(hovered, (state) => state.wire);
  const run = useStore(live, (state) => state.row?.run);
  const count = useStore(live, (state) => (wire ? state.counts.wires[wire.key] : undefined));
  useEffect(() => peekAway, []);
  if (!wire || !run || count === undefined) return null;
  return <Peek key={`${run}/${wire.key}`} wire={wire} run={run} count={count} />;
}

async function firstRecords(run: string, { node, port }: End): Promise<RecordsPage | undefined> {
  try {
    return await engine().call('run.records', { run, node, port, side: 'out', offset: 0, limit: SHOWN });
  } catch (error) {
    if (error instanceof Refused || error instanceof EngineGone) return undefined;
    throw error;
  }
}

function Peek({ wire, run, count }: { wire: Hovered; run: string; count: number }) {
  const { t } = useTranslation();
  const [page, setPage] = useState<RecordsPage>();
  const loss = useStore(live, (state) => state.losses.get(wire.key));
  useEffect(() => {
    let isStale = false;
    const timer = setTimeout(async () => {
      const found = await firstRecords(run, endOf(wire.key.slice(0, wire.key.indexOf('>'))));
      if (!isStale) setPage(found);
    }, REST_MS);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [run, wire.key]);
  const columns = page?.columns.slice(0, COLUMNS) ?? [];
  // what is at work, or too large, has kept nothing yet
  if (!page || (!columns.length && !loss)) return null;
  const [x, y] = wire.at;
  return (
    <div
      className="peek"
      role="tooltip"
      style={{
        left: Math.max(0, Math.min(x + 12, innerWidth - ROOM[0])),
        top: y + 16 + ROOM[1] > innerHeight ? y - ROOM[1] : y + 16,
      }}
    >
      {loss ? (
        <p className="warn">
          {t(`wire.${loss.how}`, {
            count: loss.lost,
            n: formatNumber(loss.lost),
            sent: formatNumber(loss.sent),
          })}
        </p>
      ) : null}
      {columns.length ? (
        <table>
          <thead>
            <tr>
              {columns.map((name) => (
                <th key={name}>{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {page.records.map((record, row) => (
              <tr key={row}>
                {columns.map((name) => {
                  const value =
                    typeof record === 'object' && record !== null && !Array.isArray(record)
                      ? (record[name] ?? null)
                      : null;
                  return (
                    <td key={name} dir="auto" className={typeof value === 'number' ? 'number' : undefined}>
                      {formatCell(plain(value))}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {count > page.records.length && columns.length ? (
        <p className="faint">
          {t('wire.first', { shown: page.records.length, count, n: formatNumber(count) })}
        </p>
      ) : null}
    </div>
  );
}
