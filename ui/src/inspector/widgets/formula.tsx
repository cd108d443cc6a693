/** Widgets that hold formulas: one formula, a text with formulas in it, a table of fields and formulas. */
import { ArrowLeft, Plus, X } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { sample } from '../../document/sample.ts';
import { Button } from '../../kit/controls.tsx';
import { asFormula, bare, isTable, textOf, type WidgetProps } from './types.ts';

const FormulaEditor = lazy(() => import('../formula-editor.tsx'));

const Waiting = () => <div className="input" aria-hidden="true" data-waiting="" />;

export function FormulaWidget({ field, value, onChange }: WidgetProps) {
  return (
    <Suspense fallback={<Waiting />}>
      <FormulaEditor
        label={field.label}
        form="formula"
        value={bare(value)}
        onChange={(text) => onChange(asFormula(text))}
      />
    </Suspense>
  );
}

export function TemplateWidget({ field, value, onChange }: WidgetProps) {
  return (
    <Suspense fallback={<Waiting />}>
      <FormulaEditor
        label={field.label}
        form="template"
        value={textOf(value)}
        hint={textOf(field.fallback)}
        onChange={(text) => onChange(text || undefined)}
      />
    </Suspense>
  );
}

/** Puts a row under another name without moving it. */
const renamed = (table: { [name: string]: WidgetProps['value'] }, from: string, to: string) =>
  Object.fromEntries(Object.entries(table).map(([name, value]) => [name === from ? to : name, value ?? '']));

export function MappingWidget({ field, value, onChange }: WidgetProps) {
  const { t } = useTranslation();
  const fields = useStore(sample, (state) => state.fields);
  const [open, setOpen] = useState<string>();
  if (typeof value === 'string') return <FormulaWidget field={field} value={value} onChange={onChange} />;
  const table = isTable(value) ? value : {};
  const rows = Object.entries(table);
  const missing = fields.filter((it) => !(it.name in table));
  const add = (name: string, formula: string) => onChange({ ...table, [name]: formula });
  const freeName = () => {
    for (let count = rows.length + 1; ; count++) if (!(`field_${count}` in table)) return `field_${count}`;
  };
  return (
    <div className="mapping">
      {rows.map(([name, formula], index) => (
        <div className="mapping-row" key={index} data-open={open === name || undefined}>
          <input
            className="input"
            aria-label={t('inspector.field_name')}
            value={name}
            onChange={(event) => onChange(renamed(table, name, event.target.value))}
          />
          <ArrowLeft className="faint" size={13} aria-hidden="true" />
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the editor inside takes the focus; the row only opens */}
          <div className="mapping-formula" onFocus={() => setOpen(name)}>
            <Suspense fallback={<Waiting />}>
              <FormulaEditor
                isCompact={open !== name}
                label={t('inspector.value_of', { name })}
                form="formula"
                value={bare(formula)}
                onChange={(text) => onChange({ ...table, [name]: asFormula(text) ?? '' })}
              />
            </Suspense>
          </div>
          <Button
            look="icon"
            tip={t('common.remove')}
            onClick={() => {
              const { [name]: _gone, ...rest } = table;
              onChange(Object.keys(rest).length ? rest : undefined);
            }}
          >
            <X />
          </Button>
        </div>
      ))}
      <div className="row wrap">
        <Button look="quiet" onClick={() => add(freeName(), '')}>
          <Plus /> {t('inspector.add_field')}
        </Button>
        {missing.length && !rows.length ? (
          <Button
            look="quiet"
            onClick={() => onChange(Object.fromEntries(missing.map((it) => [it.name, `= ${it.name}`])))}
          >
            {t('inspector.add_all', { count: missing.length })}
          </Button>
        ) : null}
      </div>
    </div>
  );
}
