/** Widgets that are longer texts: SQL, JSON. */
import { lazy, Suspense } from 'react';
import { bare, textOf, type WidgetProps } from './types.ts';

const CodeEditor = lazy(() => import('../code-editor.tsx'));

export function SqlWidget({ field, value, onChange }: WidgetProps) {
  return (
    <Suspense fallback={<div className="input" aria-hidden="true" />}>
      <CodeEditor
        language="sql"
        label={field.label}
        value={textOf(value)}
        onChange={(text) => onChange(text || undefined)}
      />
    </Suspense>
  );
}

export function JsonWidget({ field, value, onChange }: WidgetProps) {
  const text =
    typeof value === 'string' ? bare(value) : value === undefined ? '' : JSON.stringify(value, null, 2);
  const read = (typed: string) => {
    if (!typed.trim()) return onChange(undefined);
    try {
      onChange(JSON.parse(typed));
    } catch {
      // Half-typed JSON stays in the editor, which marks it; the file keeps the last whole value.
    }
  };
  return (
    <Suspense fallback={<div className="input" aria-hidden="true" />}>
      <CodeEditor language="json" label={field.label} value={text} onChange={read} />
    </Suspense>
  );
}
