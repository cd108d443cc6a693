/** Widgets that are small tables: lists of fields, pairs of texts, column types. */
import { Plus, X } from 'lucide-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Json } from '../../bridge/index.ts';
import { sample } from '../../document/sample.ts';
import { Button, Select } from '../../kit/controls.tsx';
import { valuesOf } from '../schema.ts';
import { isTable, textOf, type WidgetProps } from './types.ts';

export function FieldsWidget({ field, value, onChange }: WidgetProps) {
  const { t } = useTranslation();
  const known = useStore(sample, (state) => state.fields);
  const [typed, setTyped] = useState('');
  const listId = useId();
  const names = Array.isArray(value) ? value.filter((it) => typeof it === 'string') : [];
  const add = (name: string) => {
    setTyped('');
    if (name && !names.includes(name)) onChange([...names, name]);
  };
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
      <input
        aria-label={field.label}
        list={listId}
        value={typed}
        placeholder={names.length ? '' : t('inspector.add_field')}
        onChange={(event) =>
          known.some((it) => it.name === event.target.value)
            ? add(event.target.value)
            : setTyped(event.target.value)
        }
        onKeyDown={(event) => event.key === 'Enter' && add(typed.trim())}
        onBlur={() => add(typed.trim())}
      />
      <datalist id={listId}>
        {known.map((it) => (
          <option key={it.name} value={it.name} />
        ))}
      </datalist>
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
  const known = useStore(sample, (state) => state.fields);
  const listId = useId();
  const rows = Object.entries(table);
  const rename = (from: string, to: string) =>
    onChange(Object.fromEntries(rows.map(([name, value]) => [name === from ? to : name, value])));
  return (
    <div className="mapping">
      {rows.map(([name, value], index) => (
        <div className="mapping-row" key={index}>
          <input
            className="input"
            list={listId}
            aria-label={t('inspector.field_name')}
            value={name}
            onChange={(event) => rename(name, event.target.value)}
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
      <datalist id={listId}>
        {known.map((it) => (
          <option key={it.name} value={it.name} />
        ))}
      </datalist>
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
