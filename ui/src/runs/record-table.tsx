/** A table of any number of records: only the rows in view are drawn. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { Inbox } from 'lucide-react';
import { memo, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Datum } from '../bridge/index.ts';
import { taker } from '../document/pick.ts';
import { plain, sample } from '../document/sample.ts';
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

interface Column {
  name: string;
  type: string;
  isNumber: boolean;
  hasCents: boolean;
  width: number;
}

function columnsOf(names: readonly string[], first: Datum | undefined): Column[] {
  return names.map((name) => {
    const value = fieldOf(first, name);
    return {
      name,
      type: plain(value).type,
      isNumber: typeof value === 'number',
      hasCents: typeof value === 'number' && !Number.isInteger(value),
      width: widthOf(name, value),
    };
  });
}

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
  const takes = useStore(taker, (state) => state.now);
  const arrives = useStore(sample, (state) => state.fields);
  const pickable = useMemo(() => {
    const names = new Set(takes ? (takes.fields ?? arrives.map((it) => it.name)) : []);
    return (field: string) => names.has(field);
  }, [takes, arrives]);
  const columns = useMemo(() => columnsOf(records.columns, first), [records.columns, first]);
  const template = columns.map((column) => `minmax(${column.width}px, 1fr)`).join(' ');
  if (!records.total) return <State icon={<Inbox />} title={t('drawer.no_records')} />;
  if (!records.kept)
    return (
      <State icon={<Inbox />} title={t('drawer.none_kept')}>
        {t('drawer.none_kept_help')}
      </State>
    );
  const visible = Math.max(1, Math.ceil(((box.current?.clientHeight ?? 0) - HEAD) / ROW));
  const last = Math.max(1, rows.options.count - visible);
  const top = Math.min(last, Math.floor((rows.scrollOffset ?? 0) / ROW));
  const items = rows.getVirtualItems();
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
              {pickable(column.name) ? (
                <button
                  type="button"
                  className="records-pick"
                  aria-label={t('drawer.pick', { field: column.name, into: takes?.label })}
                  onPointerDown={keepFocus}
                  onClick={() => takes?.take(column.name)}
                >
                  {column.name}
                </button>
              ) : (
                column.name
              )}{' '}
              <span className="type">
                {t(`type.${column.type.replaceAll(' ', '_')}`, { defaultValue: column.type })}
              </span>
            </div>
          ))}
        </div>
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: by keyboard the names in the head are picked, and completion offers the same */}
        <div
          role="rowgroup"
          style={{ height: rows.getTotalSize(), position: 'relative' }}
          onPointerDown={(event) => pickedAt(event) && keepFocus(event)}
          onClick={(event) => {
            const field = pickedAt(event);
            if (field) takes?.take(field);
          }}
        >
          {items.map((row) => {
            const index = topRecord + row.index - top;
            if (index < 0 || index >= records.kept) return null;
            return (
              <Row
                // a row that leaves the view is the next one that comes: nothing is made anew while the table is scrolled
                key={row.index % items.length}
                index={index}
                start={row.start}
                record={records.at(index)}
                columns={columns}
                template={template}
                pickable={pickable}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** The field under the form's caret keeps the focus while a name is picked for it. */
const keepFocus = (event: React.SyntheticEvent) => event.preventDefault();

const pickedAt = ({ target }: React.SyntheticEvent): string | undefined =>
  target instanceof Element ? target.closest<HTMLElement>('[data-pick]')?.dataset.pick : undefined;

interface RowProps {
  index: number;
  start: number;
  record: Datum | undefined;
  columns: readonly Column[];
  template: string;
  /** Whether a click on a value of this field puts its name into the form. */
  pickable: (field: string) => boolean;
}

const Row = memo(function Row({ index, start, record, columns, template, pickable }: RowProps) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className="records-row"
      style={{ gridTemplateColumns: template, transform: `translateY(${start}px)` }}
    >
      {columns.map((column) => (
        <div
          role="cell"
          key={column.name}
          dir="auto"
          className={column.isNumber ? 'number ellipsis' : 'ellipsis'}
          data-pick={pickable(column.name) ? column.name : undefined}
        >
          {record === undefined ? '…' : formatCell(plain(fieldOf(record, column.name)), column.hasCents)}
        </div>
      ))}
    </div>
  );
});
