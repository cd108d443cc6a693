/** A question only a person can answer: was it sent? With what was being sent, and what came back where the person knows it. */
import { CircleHelp } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Answer, Json, Question } from '../bridge/index.ts';
import { Button, Field } from '../kit/controls.tsx';
import { formatMoment } from '../kit/i18n.ts';
import { go } from './route.ts';

interface QuestionProps {
  question: Question;
  onReply: (answer: Answer, value?: Json) => void;
}

/** What was typed, as JSON where it is that and as a text where it is not; nothing when the field is empty. */
function typed(text: string): Json | undefined {
  if (!text.trim()) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text.trim();
  }
}

export function QuestionCard({ question, onReply }: QuestionProps) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  return (
    <section className="panel question" aria-label={question.sentence}>
      <div className="row panel-head">
        <CircleHelp className="warn" />
        <div className="spacer">
          <h2>{question.sentence}</h2>
          <div className="faint small">
            <button
              type="button"
              className="list-link"
              onClick={() => go('flow', question.flow, question.run)}
            >
              {question.flow_name}
            </button>{' '}
            · {question.title} · {formatMoment(question.asked_ms)}
          </div>
        </div>
      </div>
      <div className="question-body">
        <details>
          <summary>{t('failed.was_sending')}</summary>
          <pre className="mono">{JSON.stringify(question.record, null, 2)}</pre>
        </details>
        <Field label={t('failed.came_back')} help={t('failed.came_back_help', { field: question.node })}>
          <input
            className="input mono"
            aria-label={t('failed.came_back')}
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
      </div>
      <div className="row wrap panel-foot">
        <Button look="main" onClick={() => onReply('happened', typed(text))}>
          {t('failed.happened')}
        </Button>
        <Button onClick={() => onReply('repeat')}>{t('failed.repeat')}</Button>
        <Button look="quiet" onClick={() => onReply('give_up')}>
          {t('failed.give_up')}
        </Button>
      </div>
    </section>
  );
}
