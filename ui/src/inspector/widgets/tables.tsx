/** Widgets that are small tables: lists of fields, pairs of texts, column types, decision tables. */
import { Plus, X } from 'lucide-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Json } from '../../bridge/index.ts';
import { sample } from '../../document/sample.ts';
import { Button, Select } from '../../kit/controls.tsx';
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

const TYPES = ['text', 'number', 'date', 'time', 'date time', 'boolean'];

export function ColumnsWidget({ value, onChange }: WidgetProps) {
  const { t } = useTranslation();
  const table = isTable(value) ? value : {};
  const options = TYPES.map((type) => ({ value: type, label: t(`type.${type.replace(' ', '_')}`) }));
  const right = (name: string, now: Json) => (
    <Select
      label={t('inspector.type_of', { name })}
      value={textOf(now)}
      options={options}
      onChange={(type) => onChange({ ...table, [name]: type })}
    />
  );
  return <Rows table={table} onChange={onChange} start="number" right={right} />;
}

interface Decision {
  inputs: string[];
  outputs: string[];
  rules: string[][];
}

function readDecision(value: Json | undefined): Decision {
  const table = isTable(value) ? value : {};
  const texts = (list: Json | undefined) => (Array.isArray(list) ? list.map(textOf) : []);
  const rules = Array.isArray(table.rules) ? table.rules.map(texts) : [];
  return { inputs: texts(table.inputs), outputs: texts(table.outputs), rules };
}

export function DecisionWidget({ value, onChange }: WidgetProps) {
  const { t } = useTranslation();
  const table = readDecision(value);
  const { inputs, outputs, rules } = table;
  const width = inputs.length + outputs.length;
  const set = (next: Partial<Decision>) => onChange({ ...table, ...next });
  const at = (list: string[], index: number, text: string) =>
    list.map((it, place) => (place === index ? text : it));
  const column = (side: 'inputs' | 'outputs') => {
    const place = side === 'inputs' ? inputs.length : width;
    set({
      [side]: [
        ...table[side],
        `${t(side === 'inputs' ? 'inspector.condition' : 'inspector.answer')} ${table[side].length + 1}`,
      ],
      rules: rules.map((rule) => rule.toSpliced(place, 0, '')),
    });
  };
  const head = (side: 'inputs' | 'outputs') =>
    table[side].map((name, index) => (
      <th key={index} data-side={side}>
        <input
          aria-label={t('inspector.column')}
          value={name}
          onChange={(event) => set({ [side]: at(table[side], index, event.target.value) })}
        />
      </th>
    ));
  return (
    <div className="stack">
      {width ? (
        <div className="decision-scroll">
          <table className="decision">
            <thead>
              <tr>
                {head('inputs')}
                {head('outputs')}
                <th>
                  <span className="visually-hidden">{t('common.remove')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rules.map((rule, row) => (
                <tr key={row}>
                  {rule.map((cell, index) => (
                    <td key={index} data-side={index < inputs.length ? 'inputs' : 'outputs'}>
                      <input
                        aria-label={`${[...inputs, ...outputs][index] ?? ''} ${row + 1}`}
                        value={cell}
                        placeholder={index < inputs.length ? '-' : ''}
                        onChange={(event) =>
                          set({
                            rules: rules.map((it, place) =>
                              place === row ? at(it, index, event.target.value) : it,
                            ),
                          })
                        }
                      />
                    </td>
                  ))}
                  <td>
                    <Button
                      look="icon"
                      tip={t('common.remove')}
                      onClick={() => set({ rules: rules.filter((_, place) => place !== row) })}
                    >
                      <X />
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      <div className="row wrap">
        <Button look="quiet" onClick={() => column('inputs')}>
          <Plus /> {t('inspector.condition')}
        </Button>
        <Button look="quiet" onClick={() => column('outputs')}>
          <Plus /> {t('inspector.answer')}
        </Button>
        <Button
          look="quiet"
          disabled={!width}
          onClick={() => set({ rules: [...rules, Array.from({ length: width }, () => '')] })}
        >
          <Plus /> {t('inspector.rule')}
        </Button>
      </div>
    </div>
  );
}
