/** Widgets that are small tables: lists of fields, pairs of texts, column types. */
import { Plus, X } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Json } from '../../bridge/index.ts';
import { type Taker, takesNoMore, takesPicks } from '../../document/pick.ts';
import { Button, Select } from '../../kit/controls.tsx';
import { FieldPicker } from '../field-picker.tsx';
import { valuesOf } from '../schema.ts';
import { isTable, textOf, type WidgetProps } from './types.ts';

export function FieldsWidget({ field, value, onChange }: WidgetProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const names = Array.isArray(value) ? value.filter((it) => typeof it === 'string') : [];
  const add = (name: string) => {
    setTyped('');
    if (name && !names.includes(name)) onChange([...names, name]);
  };
  const latest = useRef(add);
  latest.current = add;
  const me = useMemo<Taker>(
    () => ({ label: field.label, take: (name) => latest.current(name) }),
    [field.label],
  );
  useEffect(() => () => takesNoMore(me), [me]);
  return (
    <div className="input chips">
      {names.map((name) => (
        <span className="chip" key={name}>
          {name}
          <button
            type="button"
            aria-label={`${t('common.remove')} ${name}`}
            onClick={() => onChange(names.filter((it) => it !== name))}
          >
            <X size={11} />
          </button>
        </span>
      ))}
      <FieldPicker
        label={field.label}
        value={typed}
        placeholder={names.length ? '' : t('inspector.add_field')}
        without={names}
        onType={setTyped}
        onPick={add}
        onFocus={() => takesPicks(me)}
      />
    </div>
  );
}

interface RowsProps {
  table: { [name: string]: Json };
  onChange: WidgetProps['onChange'];
  right: (name: string, value: Json) => React.ReactNode;
  start: Json;
}

function Rows({ table, onChange, right, start }: RowsProps) {
  const { t } = useTranslation();
  const rows = Object.entries(table);
  const rename = (from: string, to: string) =>
    from !== to &&
    onChange(Object.fromEntries(rows.map(([name, value]) => [name === from ? to : name, value])));
  return (
    <div className="mapping">
      {rows.map(([name, value], index) => (
        <div className="mapping-row" key={index}>
          <FieldPicker
            className="input"
            label={t('inspector.field_name')}
            value={name}
            without={rows.map(([it]) => it).filter((it) => it !== name)}
            onType={(to) => rename(name, to)}
            onPick={(to) => rename(name, to)}
          />
          <span />
          {right(name, value)}
          <Button
            look="icon"
            tip={t('common.remove')}
            onClick={() => onChange(Object.fromEntries(rows.filter(([it]) => it !== name)))}
          >
            <X />
          </Button>
        </div>
      ))}
      <Button look="quiet" disabled={'' in table} onClick={() => onChange({ ...table, '': start })}>
        <Plus /> {t('inspector.add_field')}
      </Button>
    </div>
  );
}

export function PairsWidget({ value, onChange }: WidgetProps) {
  const { t } = useTranslation();
  const table = isTable(value) ? value : {};
  const right = (name: string, now: Json) => (
    <input
      className="input"
      aria-label={t('inspector.value_of', { name })}
      value={textOf(now)}
      onChange={(event) => onChange({ ...table, [name]: event.target.value })}
    />
  );
  return <Rows table={table} onChange={onChange} start="" right={right} />;
}

export function ColumnsWidget({ field, value, onChange }: WidgetProps) {
  const { t } = useTranslation();
  const table = isTable(value) ? value : {};
  const types = valuesOf(field).options;
  const options = types.map((type) => ({
    value: type.value,
    label: t(`columntype.${type.value}`, { defaultValue: type.value.replaceAll('_', ' ') }),
  }));
  const right = (name: string, now: Json) => (
    <Select
      label={t('inspector.type_of', { name })}
      value={textOf(now)}
      options={options}
      onChange={(type) => onChange({ ...table, [name]: type })}
    />
  );
  return <Rows table={table} onChange={onChange} start={types[1]?.value ?? 'text'} right={right} />;
}
