/** The formula field: colours, completion from the engine, and the value for the sample record as it is typed. */
import {
  acceptCompletion,
  autocompletion,
  type CompletionContext,
  closeBrackets,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, setDiagnostics } from '@codemirror/lint';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useContext, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { type Datum, engine, type FormulaEvaluated, type FormulaForm } from '../bridge/index.ts';
import { isInFormula, pickedText, type Taker, takesNoMore, takesPicks } from '../document/pick.ts';
import { plain, sample } from '../document/sample.ts';
import { openFlow } from '../document/store.ts';
import { SampleOf } from './sample-of.ts';

const WORDS =
  /^(?:if|then|else|for|in|return|some|every|satisfies|between|and|or|function|instance|of|true|false|null)\b/;

/** Colours a formula; in a template only what stands in braces, unless the whole is a formula after `=`. */
const languageOf = (form: FormulaForm) =>
  StreamLanguage.define<{ isFormula: boolean; inParts: boolean; isFirst: boolean }>({
    startState: () => ({ isFormula: form === 'formula', inParts: false, isFirst: true }),
    token(stream, state) {
      const isStart = state.isFirst;
      state.isFirst = false;
      if (isStart && stream.match('=')) {
        state.isFormula = true;
        return 'operator';
      }
      if (!state.isFormula && stream.match(state.inParts ? '}}' : '{{')) {
        state.inParts = !state.inParts;
        return 'brace';
      }
      if (!state.isFormula && !state.inParts) {
        stream.next();
        while (!stream.eol() && !stream.match('{{', false)) stream.next();
        return null;
      }
      if (stream.eatSpace()) return null;
      if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) return 'string';
      if (stream.match(/^\d+(?:\.\d+)?/)) return 'number';
      if (stream.match(WORDS)) return 'keyword';
      if (stream.match(/^`[^`]*`?|^[\p{L}_][\p{L}\d_]*/u)) return 'variableName';
      stream.next();
      return 'operator';
    },
  });

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--syn-key)' },
  { tag: tags.variableName, color: 'var(--syn-name)' },
  { tag: tags.number, color: 'var(--syn-number)' },
  { tag: tags.string, color: 'var(--syn-text)' },
  { tag: tags.brace, color: 'var(--syn-key)' },
]);

async function complete(context: CompletionContext, form: FormulaForm, record: Datum) {
  const before = context.matchBefore(/[\p{L}_`][\p{L}\d_. `]*$/u);
  if (!before && !context.explicit) return null;
  const text = context.state.doc.toString();
  if (form === 'template' && !isInFormula(text.slice(0, context.pos))) return null;
  const answer = await engine().call('formula.complete', {
    text,
    at: context.pos,
    record,
    form,
    slots: openFlow.getState().slots.map((slot) => slot.name),
  });
  if (!answer.options.length) return null;
  return {
    from: answer.from,
    options: answer.options.map((option) => ({
      label: option.label,
      apply: option.insert,
      detail: option.detail,
      type: option.type === 'field' ? 'property' : option.type,
    })),
  };
}

interface EditorProps {
  value: string;
  onChange: (value: string) => void;
  label: string;
  form: FormulaForm;
  hint?: string;
  /** One line in a table of fields, without its result below. */
  isCompact?: boolean;
}

/** Waits so long after a key before it asks for the value; short enough to feel at once. */
const ASK_AFTER_MS = 40;

export default function FormulaEditor({ value, onChange, label, form, hint, isCompact }: EditorProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const changed = useRef(onChange);
  changed.current = onChange;
  const [result, setResult] = useState<FormulaEvaluated>();
  const own = useContext(SampleOf);
  const arriving = useStore(sample);
  const { record, fields } = own ?? arriving;
  const hasSample = fields.length > 0;
  const reads = useRef(record);
  reads.current = record;
  const names = useRef<string[]>(undefined);
  names.current = own?.fields.map((it) => it.name);
  const flow = useStore(openFlow, (state) => state.id);

  useEffect(() => {
    const me: Taker = {
      label,
      get fields() {
        return names.current;
      },
      take: (field) => {
        const now = view.current;
        if (!now) return;
        const { from } = now.state.selection.main;
        now.dispatch(now.state.replaceSelection(pickedText(form, now.state.doc.toString(), from, field)));
        now.focus();
      },
    };
    const extensions: Extension[] = [
      history(),
      closeBrackets(),
      languageOf(form),
      syntaxHighlighting(colours),
      EditorView.lineWrapping,
      autocompletion({ override: [(context) => complete(context, form, reads.current)], icons: false }),
      keymap.of([
        { key: 'Tab', run: acceptCompletion },
        ...completionKeymap,
        ...defaultKeymap,
        ...historyKeymap,
      ]),
      EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
      EditorView.updateListener.of(
        (update) => update.docChanged && changed.current(update.state.doc.toString()),
      ),
      EditorView.domEventHandlers({ focus: () => takesPicks(me) }),
      ...(hint ? [placeholder(hint)] : []),
    ];
    const made = new EditorView({
      state: EditorState.create({ doc: value, extensions }),
      parent: box.current ?? undefined,
    });
    view.current = made;
    return () => {
      takesNoMore(me);
      made.destroy();
    };
  }, []);

  useEffect(() => {
    const now = view.current;
    if (now && now.state.doc.toString() !== value)
      now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value]);

  const isFormula = form === 'formula' || value.startsWith('=') || value.includes('{{');
  useEffect(() => {
    if (!value.trim() || !isFormula) {
      setResult(undefined);
      return;
    }
    let isStale = false;
    const timer = setTimeout(() => {
      engine()
        .call('formula.eval', { text: value, record, form, flow: flow || undefined })
        .then(
          (answer) => {
            if (isStale) return;
            setResult(answer);
            const now = view.current;
            const end = now?.state.doc.length ?? 0;
            const marks: Diagnostic[] =
              answer.fault && (answer.fault.is_syntax || hasSample)
                ? [
                    {
                      from: Math.min(answer.fault.from, end),
                      to: Math.min(Math.max(answer.fault.to, answer.fault.from + 1), end),
                      severity: 'error',
                      message: answer.fault.sentence,
                    },
                  ]
                : [];
            if (now) now.dispatch(setDiagnostics(now.state, marks));
          },
          () => undefined,
        );
    }, ASK_AFTER_MS);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [value, record, form, flow, isFormula, hasSample]);

  const fault = result?.fault && (result.fault.is_syntax || hasSample) ? result.fault.sentence : undefined;
  const shown = result && !result.fault ? plain(result.value) : undefined;
  return (
    <div className="formula" data-compact={isCompact || undefined}>
      <div ref={box} className="input formula-box" data-bad={Boolean(fault)} />
      {fault ? (
        <div className="field-bad" role="status">
          {fault}
        </div>
      ) : null}
      {shown && (hasSample || result?.reads.length === 0) ? (
        <div className="formula-result" role="status">
          <span>{t('inspector.for_sample')}</span> <b className="ellipsis">{shown.text || '–'}</b>{' '}
          <span>{t(`type.${result?.type.replaceAll(' ', '_')}`, { defaultValue: result?.type })}</span>
        </div>
      ) : null}
    </div>
  );
}
