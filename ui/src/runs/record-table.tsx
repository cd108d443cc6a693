/** A table of any number of records: only the rows in view are drawn. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { Inbox } from 'lucide-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Datum } from '../bridge/index.ts';
import { plain } from '../document/sample.ts';
import { formatCell } from '../kit/i18n.ts';
import { State } from '../kit/surfaces.tsx';
import type { Records } from './records.ts';

const ROW = 27;
const HEAD = 30;
/** Browsers give up beyond some ten million pixels; farther tables are scrolled in proportion. */
const TALLEST = 8_000_000;
const NARROW = 96;
const WIDE = 260;

const fieldOf = (record: Datum | undefined, name: string): Datum =>
  typeof record === 'object' && record !== null && !Array.isArray(record) ? (record[name] ?? null) : null;

const widthOf = (name: string, value: Datum): number =>
  Math.min(WIDE, Math.max(NARROW, Math.max(name.length + 9, plain(value).text.length + 2) * 7.2 + 20));

export function RecordTable({ records }: { records: Records }) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const scale = Math.max(1, (records.kept * ROW) / TALLEST);
  const rows = useVirtualizer({
    count: Math.ceil(records.kept / scale),
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const first = records.at(0);
  if (!records.total) return <State icon={<Inbox />} title={t('drawer.no_records')} />;
  if (!records.kept)
    return (
      <State icon={<Inbox />} title={t('drawer.none_kept')}>
        {t('drawer.none_kept_help')}
      </State>
    );
  const columns = records.columns.map((name) => {
    const value = fieldOf(first, name);
    return {
      name,
      type: plain(value).type,
      isNumber: typeof value === 'number',
      hasCents: typeof value === 'number' && !Number.isInteger(value),
      width: widthOf(name, value),
    };
  });
  const template = columns.map((column) => `minmax(${column.width}px, 1fr)`).join(' ');
  const visible = Math.max(1, Math.ceil(((box.current?.clientHeight ?? 0) - HEAD) / ROW));
  const last = Math.max(1, rows.options.count - visible);
  const top = Math.min(last, Math.floor((rows.scrollOffset ?? 0) / ROW));
  const topRecord = scale === 1 ? top : Math.round((top / last) * (records.kept - visible));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <div ref={box} className="records" role="region" tabIndex={0} aria-label={t('drawer.table')}>
      <div
        role="table"
        aria-rowcount={records.kept + 1}
        style={{ minWidth: columns.reduce((sum, column) => sum + column.width, 0) }}
      >
        <div role="row" className="records-head" style={{ gridTemplateColumns: template }}>
          {columns.map((column) => (
            <div
              role="columnheader"
              key={column.name}
              className={column.isNumber ? 'number ellipsis' : 'ellipsis'}
            >
              {column.name}{' '}
              <span className="type">
                {t(`type.${column.type.replaceAll(' ', '_')}`, { defaultValue: column.type })}
              </span>
            </div>
          ))}
        </div>
        <div role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map((row) => {
            const index = topRecord + row.index - top;
            if (index < 0 || index >= records.kept) return null;
            const record = records.at(index);
            return (
              <div
                role="row"
                key={row.key}
                aria-rowindex={index + 2}
                className="records-row"
                style={{ gridTemplateColumns: template, transform: `translateY(${row.start}px)` }}
              >
                {columns.map((column) => (
                  <div
                    role="cell"
                    key={column.name}
                    dir="auto"
                    className={column.isNumber ? 'number ellipsis' : 'ellipsis'}
                  >
                    {record === undefined
                      ? '…'
                      : formatCell(plain(fieldOf(record, column.name)), column.hasCents)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
