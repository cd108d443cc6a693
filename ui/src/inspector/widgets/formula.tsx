/** Widgets that hold formulas: one formula, or a text with formulas in it. */
import { lazy, Suspense } from 'react';
import { PathPicker } from '../path-picker.tsx';
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

/** A template for a path, with a choice of what lies on the engine's machine. */
function PathWidget(props: WidgetProps & { wanted: 'folder' | 'file' }) {
  const text = textOf(props.value);
  // what is made from slots and records stands nowhere yet
  const written = text.includes('{{') || text.startsWith('=') ? '' : text;
  const from = props.wanted === 'file' ? written.replace(/[^/\\]*$/, '') : written;
  return (
    <div className="row path-field">
      <div className="spacer">
        <TemplateWidget {...props} />
      </div>
      <PathPicker wanted={props.wanted} from={from || undefined} onChoose={props.onChange} />
    </div>
  );
}

export const FileWidget = (props: WidgetProps) => <PathWidget {...props} wanted="file" />;
export const FolderWidget = (props: WidgetProps) => <PathWidget {...props} wanted="folder" />;
