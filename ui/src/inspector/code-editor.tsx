/** A small code field for SQL and JSON. */
import { closeBrackets } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json, jsonParseLinter } from '@codemirror/lang-json';
import { sql } from '@codemirror/lang-sql';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { linter } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool, tags.null], color: 'var(--syn-key)' },
  { tag: [tags.propertyName, tags.typeName], color: 'var(--syn-name)' },
  { tag: tags.number, color: 'var(--syn-number)' },
  { tag: tags.string, color: 'var(--syn-text)' },
]);

interface CodeProps {
  value: string;
  onChange: (value: string) => void;
  label: string;
  language: 'sql' | 'json';
}

export default function CodeEditor({ value, onChange, label, language }: CodeProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const changed = useRef(onChange);
  changed.current = onChange;
  useEffect(() => {
    const extensions = [
      history(),
      closeBrackets(),
      EditorView.lineWrapping,
      syntaxHighlighting(colours),
      keymap.of([...defaultKeymap, ...historyKeymap]),
      language === 'sql'
        ? sql()
        : [json(), linter((at) => (at.state.doc.length ? jsonParseLinter()(at) : []))],
      EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
      EditorView.updateListener.of(
        (update) => update.docChanged && changed.current(update.state.doc.toString()),
      ),
    ];
    const made = new EditorView({
      state: EditorState.create({ doc: value, extensions }),
      parent: box.current ?? undefined,
    });
    view.current = made;
    return () => made.destroy();
  }, []);
  useEffect(() => {
    const now = view.current;
    if (now && !now.hasFocus && now.state.doc.toString() !== value)
      now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value]);
  return <div ref={box} className="input formula-box code-box" />;
}
