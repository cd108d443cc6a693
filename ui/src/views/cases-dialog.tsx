/** Cases: remembered runs that a changed flow is compared with. */
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type CaseResult, engine } from '../bridge/index.ts';
import { writeFlow } from '../document/flow.ts';
import { plain } from '../document/sample.ts';
import { changeBeside, documentNow } from '../document/store.ts';
import { Button, Field, Pill } from '../kit/controls.tsx';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Dialog, say } from '../kit/surfaces.tsx';
import { attempt } from './events.ts';

const tones = { same: 'ok', different: 'warn', broken: 'bad' } as const;

interface CasesProps {
  flow: string;
  run: string | undefined;
  /** What came out differently when the flow was about to go live. */
  heldBack?: CaseResult[];
  onLiveAnyway: () => void;
  onClose: () => void;
}

export function CasesDialog({ flow, run, heldBack, onLiveAnyway, onClose }: CasesProps) {
  const { t } = useTranslation();
  const gone = t('app.engine_gone');
  const cases = useLoad(() => engine().call('cases.list', { flow }), '');
  const [name, setName] = useState('');
  const [results, setResults] = useState<CaseResult[] | undefined>(heldBack);
  const [isBusy, setBusy] = useState(false);
  const compare = async () => {
    setBusy(true);
    const answer = await attempt(
      () => engine().call('cases.run', { flow, text: writeFlow(documentNow()) }),
      gone,
    );
    setBusy(false);
    setResults(answer?.results);
    cases.reload();
  };
  const keep = async () => {
    if (!run) return;
    let masked: string[] = [];
    const isKept = await beside(async () => {
      const saved = await engine().call('cases.save', { flow, name, run });
      masked = saved.masked;
      return saved;
    });
    if (!isKept) return;
    say(
      [
        t('cases.saved', { name }),
        masked.length ? t('cases.masked', { fields: masked.join(', ') }) : '',
      ].join(' '),
    );
    setName('');
  };
  const beside = async (act: () => Promise<{ version: number; text: string }>): Promise<boolean> => {
    const done = await attempt(() => changeBeside(act).then(() => true), gone);
    cases.reload();
    return done === true;
  };
  const accept = async () => {
    if (await beside(() => engine().call('cases.accept', { flow }))) await compare();
  };
  const differs = results?.some((it) => it.outcome !== 'same');
  return (
    <Dialog title={t('editor.cases')} closeLabel={t('common.close')} onClose={onClose} size="wide">
      {heldBack ? (
        <div className="banner" role="alert" data-tone="warn">
          {t('cases.held_back')}
        </div>
      ) : (
        <p className="muted">{t('cases.words')}</p>
      )}
      <Loaded of={cases}>
        {({ cases: rows }) => (
          <ul className="versions">
            {rows.map((row) => (
              <li key={row.name}>
                <div className="row">
                  <b>{row.name}</b>
                  <span className="faint spacer">{t('cases.records', { count: row.records_in })}</span>
                  {row.last ? <Pill tone={tones[row.last]}>{t(`cases.${row.last}`)}</Pill> : null}
                  <Button
                    look="icon"
                    tip={`${t('common.delete')}: ${row.name}`}
                    onClick={() => void beside(() => engine().call('cases.delete', { flow, name: row.name }))}
                  >
                    <Trash2 />
                  </Button>
                </div>
              </li>
            ))}
            {rows.length ? (
              <li className="row wrap">
                <Button look={heldBack ? undefined : 'main'} disabled={isBusy} onClick={() => void compare()}>
                  {t('cases.run')}
                </Button>
                {differs ? (
                  <Button disabled={isBusy} onClick={() => void accept()}>
                    {t('cases.accept')}
                  </Button>
                ) : null}
                {heldBack ? (
                  <Button look="main" onClick={onLiveAnyway}>
                    {t('cases.live_anyway')}
                  </Button>
                ) : null}
              </li>
            ) : (
              <li className="faint">{t('cases.none')}</li>
            )}
          </ul>
        )}
      </Loaded>
      {results?.map((result) => (
        <CaseOutcome key={result.name} result={result} />
      ))}
      <Field label={t('cases.from_run')} help={run ? t('cases.name_help') : t('cases.needs_run')}>
        <div className="row">
          <input
            className="input"
            aria-label={t('cases.from_run')}
            pattern="[a-z0-9-]+"
            value={name}
            onChange={(event) => setName(event.target.value.toLowerCase().replace(/[^a-z0-9-]/g, '-'))}
          />
          <Button disabled={!run || !name} onClick={() => void keep()}>
            {t('common.save')}
          </Button>
        </div>
      </Field>
    </Dialog>
  );
}

function CaseOutcome({ result }: { result: CaseResult }) {
  const { t } = useTranslation();
  return (
    <section className="case">
      <div className="row">
        <Pill tone={tones[result.outcome]}>{t(`cases.${result.outcome}`)}</Pill>
        <b>{result.name}</b>
        <span className="muted">
          {result.error?.sentence ?? t('cases.differ', { count: result.different, of: result.records })}
        </span>
      </div>
      {result.differences.length ? (
        <table className="table">
          <thead>
            <tr>
              <th>{t('cases.place')}</th>
              <th className="number">{t('cases.record')}</th>
              <th>{t('drawer.field')}</th>
              <th>{t('cases.expected')}</th>
              <th>{t('cases.came')}</th>
            </tr>
          </thead>
          <tbody>
            {result.differences.map((it) => (
              <tr key={`${it.place}${it.index}${it.pointer}`}>
                <td>{it.place}</td>
                <td className="number">{it.index + 1}</td>
                <td className="mono">{it.pointer}</td>
                <td className="ok">{plain(it.expected).text}</td>
                <td className="bad">{plain(it.came).text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </section>
  );
}
