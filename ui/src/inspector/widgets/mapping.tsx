/** The mapper: target fields on the left, what fills them on the right, suggested by the names that arrive. */
import { ArrowLeft, Plus, Wand2, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { fieldPath } from '../../document/pick.ts';
import { sample } from '../../document/sample.ts';
import { Button } from '../../kit/controls.tsx';
import { FormulaWidget, TemplateWidget } from './formula.tsx';
import { isTable, textOf, type WidgetProps } from './types.ts';

interface Row {
  name: string;
  value: string;
}

/** A field as a formula names it. */
const fieldFormula = (name: string): string => `= ${fieldPath(name)}`;

const near = (name: string): string => name.toLowerCase().replace(/[^\p{L}\d]/gu, '');

/** Both shapes a mapping has in a file: a list of named formulas, or a table by name. */
function readRows(value: WidgetProps['value']): Row[] {
  if (Array.isArray(value))
    return value.map((it) =>
      isTable(it) ? { name: textOf(it.name), value: textOf(it.value) } : { name: '', value: '' },
    );
  return isTable(value) ? Object.entries(value).map(([name, it]) => ({ name, value: textOf(it) })) : [];
}

export function MappingWidget({ field, value, onChange }: WidgetProps) {
  const { t } = useTranslation();
  const fields = useStore(sample, (state) => state.fields);
  const [open, setOpen] = useState<number>();
  if (typeof value === 'string') return <FormulaWidget field={field} value={value} onChange={onChange} />;
  const rows = readRows(value);
  const isList = field.schema.type === 'array';
  const write = (next: Row[]) => {
    if (isList)
      onChange(
        next.length || field.isRequired
          ? next.map(({ name, value: it }) => ({ name, value: it }))
          : undefined,
      );
    else onChange(next.length ? Object.fromEntries(next.map((row) => [row.name, row.value])) : undefined);
  };
  const put = (index: number, next: Partial<Row>) =>
    write(rows.map((row, place) => (place === index ? { ...row, ...next } : row)));
  const missing = fields.filter((it) => !rows.some((row) => row.name === it.name));
  const empty = rows.filter((row) => !row.value.trim());
  const guess = (name: string) => fields.find((it) => near(it.name) === near(name));
  const guessed = empty.filter((row) => guess(row.name));
  const freeName = () => {
    for (let count = rows.length + 1; ; count++) {
      const name = `field_${count}`;
      if (!rows.some((row) => row.name === name)) return name;
    }
  };
  return (
    <div className="mapping">
      {rows.map((row, index) => (
        <div className="mapping-row" key={index} data-open={open === index || undefined}>
          <input
            className="input"
            aria-label={`${t('inspector.field_name')} ${index + 1}`}
            value={row.name}
            onChange={(event) => {
              const name = event.target.value;
              // two rows of one name would become one in a table
              if (isList || !rows.some((it, place) => place !== index && it.name === name))
                put(index, { name });
            }}
          />
          <ArrowLeft className="faint" size={13} aria-hidden="true" />
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the editor inside takes the focus; the row only opens */}
          <div className="mapping-formula" onFocus={() => setOpen(index)}>
            <TemplateWidget
              isCompact={open !== index}
              field={{ ...field, label: t('inspector.value_of', { name: row.name }), fallback: undefined }}
              value={row.value}
              onChange={(next) => put(index, { value: textOf(next) })}
            />
          </div>
          <Button
            look="icon"
            tip={`${t('common.remove')} ${row.name}`}
            onClick={() => write(rows.filter((_, place) => place !== index))}
          >
            <X />
          </Button>
        </div>
      ))}
      <div className="row wrap">
        <Button look="quiet" onClick={() => write([...rows, { name: freeName(), value: '' }])}>
          <Plus /> {t('inspector.add_field')}
        </Button>
        {missing.length ? (
          <Button
            look="quiet"
            onClick={() =>
              write([...rows, ...missing.map((it) => ({ name: it.name, value: fieldFormula(it.name) }))])
            }
          >
            {t('inspector.add_all', { count: missing.length })}
          </Button>
        ) : null}
        {guessed.length ? (
          <Button
            look="quiet"
            onClick={() =>
              write(
                rows.map((row) => {
                  const from = row.value.trim() ? undefined : guess(row.name);
                  return from ? { ...row, value: fieldFormula(from.name) } : row;
                }),
              )
            }
          >
            <Wand2 /> {t('inspector.fill_by_name', { count: guessed.length })}
          </Button>
        ) : null}
      </div>
    </div>
  );
}
