/** Widgets for what has parts: a group of fields, one of several shapes, a list of records, a list of formulas. */
import { Plus, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Json } from '../../bridge/index.ts';
import { Button, Marked, Select, Switch } from '../../kit/controls.tsx';
import { type FormField, fieldsOf, itemsOf, tagOf, variantsOf } from '../schema.ts';
import { TemplateWidget } from './formula.tsx';
import { widgetNamed } from './index.ts';
import { isTable, textOf, type WidgetProps } from './types.ts';

type Table = { [name: string]: Json };

function Parts({
  fields,
  table,
  onChange,
}: {
  fields: FormField[];
  table: Table;
  onChange: (table: Table) => void;
}) {
  const { t } = useTranslation();
  return fields.map((field) => {
    const Widget = widgetNamed(field.widget);
    const label = t(`fieldname.${field.name}`, { defaultValue: field.label });
    return (
      <div key={field.name} className="part" title={field.help}>
        <span className="part-name" aria-hidden="true">
          {label}
        </span>
        <Widget
          field={{ ...field, label }}
          value={table[field.name]}
          onChange={(value) => {
            const { [field.name]: _before, ...rest } = table;
            onChange(value === undefined ? rest : { ...table, [field.name]: value });
          }}
        />
      </div>
    );
  });
}

/** An object of its own; one that may be left out is switched on first. */
export function GroupWidget({ field, value, onChange }: WidgetProps) {
  const table = isTable(value) ? value : undefined;
  return (
    <div className="parts">
      {field.isRequired ? null : (
        <Switch
          on={table !== undefined}
          onChange={(on) => onChange(on ? {} : undefined)}
          label={field.label}
        />
      )}
      {table || field.isRequired ? (
        <Parts fields={fieldsOf(field.schema, field.root)} table={table ?? {}} onChange={onChange} />
      ) : null}
    </div>
  );
}

/** One of several shapes, told apart by a tag. */
export function VariantWidget({ field, value, onChange }: WidgetProps) {
  const { t } = useTranslation();
  const tag = tagOf(field.schema) ?? '';
  const variants = variantsOf(field);
  const table = isTable(value) ? value : {};
  const chosen = variants.find((it) => it.tag === textOf(table[tag]));
  return (
    <div className="parts">
      <Select
        label={field.label}
        value={chosen?.tag ?? ''}
        placeholder={t('inspector.choose')}
        options={variants.map((it) => ({
          value: it.tag,
          label: t(`choice.${it.tag}`, { defaultValue: it.tag.replaceAll('_', ' ') }),
        }))}
        onChange={(next) => onChange({ [tag]: next })}
      />
      {chosen ? (
        <>
          <p className="field-help">
            <Marked text={chosen.help} />
          </p>
          <Parts fields={chosen.fields} table={table} onChange={onChange} />
        </>
      ) : null}
    </div>
  );
}

interface FrameProps {
  look: string;
  rows: readonly ReactNode[];
  onRemove: (place: number) => void;
  onAdd: () => void;
}

/** Rows one below the other, each with a button that takes it away, and one for a new row. */
function RowFrame({ look, rows, onRemove, onAdd }: FrameProps) {
  const { t } = useTranslation();
  return (
    <div className="rows">
      {rows.map((row, place) => (
        <div className={look} key={place}>
          {row}
          <Button look="icon" tip={`${t('common.remove')} ${place + 1}`} onClick={() => onRemove(place)}>
            <X />
          </Button>
        </div>
      ))}
      <Button look="quiet" onClick={onAdd}>
        <Plus /> {t('inspector.add_row')}
      </Button>
    </div>
  );
}

/** Records of the same fields, one below the other. */
export function RowsWidget({ field, value, onChange }: WidgetProps) {
  const rows = Array.isArray(value) ? value.map((it) => (isTable(it) ? it : {})) : [];
  const fields = fieldsOf(itemsOf(field), field.root);
  const start = Object.fromEntries(
    fields
      .filter((it) => it.isRequired)
      .map((it) => [it.name, it.options[0]?.value ?? (it.widget === 'number' ? 1 : '')]),
  );
  return (
    <RowFrame
      look="rows-row"
      rows={rows.map((row, place) => (
        <Parts
          key={place}
          fields={fields}
          table={row}
          onChange={(next) => onChange(rows.with(place, next))}
        />
      ))}
      onRemove={(place) => onChange(rows.toSpliced(place, 1))}
      onAdd={() => onChange([...rows, start])}
    />
  );
}

/** Formulas, one below the other. */
export function FormulasWidget({ field, value, onChange }: WidgetProps) {
  const rows = Array.isArray(value) ? value.map(textOf) : [];
  return (
    <RowFrame
      look="formulas-row"
      rows={rows.map((row, place) => (
        <TemplateWidget
          key={place}
          field={{ ...field, label: `${field.label} ${place + 1}`, fallback: undefined }}
          value={row}
          onChange={(next) => onChange(rows.with(place, textOf(next)))}
        />
      ))}
      onRemove={(place) => onChange(rows.toSpliced(place, 1))}
      onAdd={() => onChange([...rows, '= '])}
    />
  );
}
