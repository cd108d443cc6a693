/** One inbox of failed records, by cause, and the questions only a person can answer. */
import { CircleCheck, Pencil, RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type Answer,
  type Datum,
  engine,
  type FailedGroup,
  type FailedRecord,
  type Json,
} from '../bridge/index.ts';
import { plain } from '../document/sample.ts';
import { Button, Pill } from '../kit/controls.tsx';
import { formatMoment, formatNumber } from '../kit/i18n.ts';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Dialog, Scroll, State, say } from '../kit/surfaces.tsx';
import { attempt, useEvents } from './events.ts';
import { QuestionCard } from './question-card.tsx';
import { go } from './route.ts';

export function FailedView() {
  const { t } = useTranslation();
  const gone = t('app.engine_gone');
  const inbox = useLoad(
    async () => ({
      ...(await engine().call('failed.list', {})),
      ...(await engine().call('questions.list', {})),
    }),
    '',
  );
  const [edited, setEdited] = useState<FailedRecord>();
  useEvents(['inbox_changed'], inbox.reload);
  const resend = async (what: { ids?: string[]; group?: string; record?: Datum }) => {
    const answer = await attempt(() => engine().call('failed.resend', what), gone);
    if (answer) say(t('failed.resent', { count: answer.resent }));
    setEdited(undefined);
    inbox.reload();
  };
  const discard = async (what: { ids?: string[]; group?: string }) => {
    await attempt(() => engine().call('failed.discard', what), gone);
    inbox.reload();
  };
  const reply = async (id: string, answer: Answer, value?: Json) => {
    await attempt(() => engine().call('questions.answer', { id, answer, value }), gone);
    inbox.reload();
  };
  return (
    <main className="screen">
      <header className="screen-head">
        <h1>{t('rail.failed')}</h1>
      </header>
      <Loaded of={inbox}>
        {({ groups, questions }) =>
          groups.length || questions.length ? (
            <Scroll className="screen-body padded" label={t('rail.failed')}>
              {questions.map((question) => (
                <QuestionCard
                  key={question.id}
                  question={question}
                  onReply={(answer, value) => void reply(question.id, answer, value)}
                />
              ))}
              {groups.map((group) => (
                <GroupCard
                  key={group.group}
                  group={group}
                  onEdit={setEdited}
                  onResend={(what) => void resend(what)}
                  onDiscard={(what) => void discard(what)}
                />
              ))}
            </Scroll>
          ) : (
            <State icon={<CircleCheck />} title={t('failed.none')}>
              {t('failed.none_help')}
            </State>
          )
        }
      </Loaded>
      {edited ? (
        <RecordDialog
          record={edited}
          onClose={() => setEdited(undefined)}
          onSend={(record) => void resend({ ids: [edited.id], record })}
        />
      ) : null}
    </main>
  );
}

interface GroupCardProps {
  group: FailedGroup;
  onEdit: (record: FailedRecord) => void;
  onResend: (what: { ids?: string[]; group?: string }) => void;
  onDiscard: (what: { ids?: string[]; group?: string }) => void;
}

function GroupCard({ group, onEdit, onResend, onDiscard }: GroupCardProps) {
  const { t } = useTranslation();
  const columns = Object.keys(
    typeof group.records[0]?.record === 'object' ? (group.records[0].record ?? {}) : {},
  ).slice(0, 5);
  const cell = (record: Datum, name: string) =>
    typeof record === 'object' && record !== null && !Array.isArray(record)
      ? plain(record[name] ?? null).text.slice(0, 60)
      : '';
  return (
    <section className="panel">
      <div className="row panel-head wrap">
        <div className="spacer">
          <h2>{group.error.sentence}</h2>
          <div className="faint small">
            <button type="button" className="list-link" onClick={() => go('flow', group.flow)}>
              {group.flow_name}
            </button>{' '}
            · {group.title} ·{' '}
            {[...new Set([formatMoment(group.first_ms), formatMoment(group.last_ms)])].join(' – ')}
          </div>
        </div>
        <Pill tone="bad">{t('card.failed', { count: group.count, n: formatNumber(group.count) })}</Pill>
        <Button onClick={() => onResend({ group: group.group })}>
          <RotateCcw /> {t('failed.resend_all')}
        </Button>
        <Button
          look="quiet"
          onClick={() =>
            confirm(t('failed.discard_sure', { count: group.count })) && onDiscard({ group: group.group })
          }
        >
          {t('failed.discard')}
        </Button>
      </div>
      <Scroll className="panel-scroll" label={group.error.sentence}>
        <table className="table">
          <thead>
            <tr>
              {columns.map((name) => (
                <th key={name}>{name}</th>
              ))}
              <th className="number">{t('failed.attempts')}</th>
              <th>
                <span className="visually-hidden">{t('common.more')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {group.records.map((record) => (
              <tr key={record.id}>
                {columns.map((name) => (
                  <td key={name} dir="auto">
                    {cell(record.record, name)}
                  </td>
                ))}
                <td className="number">{record.attempts}</td>
                <td className="row-tools">
                  <Button look="icon" tip={t('failed.edit')} onClick={() => onEdit(record)}>
                    <Pencil />
                  </Button>
                  <Button look="icon" tip={t('failed.resend')} onClick={() => onResend({ ids: [record.id] })}>
                    <RotateCcw />
                  </Button>
                  <Button
                    look="icon"
                    tip={t('failed.discard')}
                    onClick={() => onDiscard({ ids: [record.id] })}
                  >
                    <Trash2 />
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {group.count > group.records.length ? (
          <p className="faint small rest">
            {t('failed.rest', {
              count: group.count - group.records.length,
              n: formatNumber(group.count - group.records.length),
            })}
          </p>
        ) : null}
      </Scroll>
    </section>
  );
}

function RecordDialog({
  record,
  onClose,
  onSend,
}: {
  record: FailedRecord;
  onClose: () => void;
  onSend: (record: Datum) => void;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState(JSON.stringify(record.record, null, 2));
  let value: Datum | undefined;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const foot = (
    <>
      <Button onClick={onClose}>{t('common.cancel')}</Button>
      <Button look="main" disabled={value === undefined} onClick={() => value !== undefined && onSend(value)}>
        {t('failed.send_edited')}
      </Button>
    </>
  );
  return (
    <Dialog title={t('failed.edit')} closeLabel={t('common.close')} onClose={onClose} foot={foot}>
      <p className="field-bad">{record.error.sentence}</p>
      <textarea
        className="input mono record-text"
        aria-label={t('failed.record')}
        rows={Math.min(18, Math.max(6, text.split('\n').length))}
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {value === undefined ? <p className="field-bad">{t('failed.not_json')}</p> : null}
    </Dialog>
  );
}
