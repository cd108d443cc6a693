/** Widgets that hold formulas: one formula, or a text with formulas in it. */
import { lazy, Suspense } from 'react';
import { asFormula, bare, textOf, type WidgetProps } from './types.ts';

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

export function TemplateWidget({ field, value, onChange, isCompact }: WidgetProps & { isCompact?: boolean }) {
  return (
    <Suspense fallback={<Waiting />}>
      <FormulaEditor
        isCompact={isCompact}
        label={field.label}
        form="template"
        value={textOf(value)}
        hint={textOf(field.fallback)}
        onChange={(text) => onChange(text || undefined)}
      />
    </Suspense>
  );
}
