/** A run with everything outgoing held: what would be sent, each openable. */
import { ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine, type HeldEffect, type Json, type Run } from '../bridge/index.ts';
import { isRunning } from '../document/live.ts';
import { plain } from '../document/sample.ts';
import { documentNow, flush } from '../document/store.ts';
import { formatCell, formatNumber } from '../kit/i18n.ts';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Dialog, Loading, Scroll, State } from '../kit/surfaces.tsx';
import { useEvents } from './events.ts';

export function RehearsalDialog({ flow, onClose }: { flow: string; onClose: () => void }) {
  const { t } = useTranslation();
  const [run, setRun] = useState<string>();
  const report = useLoad(async (): Promise<Run> => {
    if (run) return engine().call('run.get', { run });
    await flush();
    const started = await engine().call('run.start', { flow, rehearse: true });
    setRun(started.run);
    return engine().call('run.get', { run: started.run });
  }, run ?? '');
  useEvents(['run_ended'], report.reload);
  return (
    <Dialog title={t('run.rehearsal')} closeLabel={t('common.close')} onClose={onClose} size="wide">
      <p className="muted">{t('run.rehearsal_words')}</p>
      <Loaded of={report}>
        {(it) =>
          isRunning(it.row) ? (
            <Loading label={t('run.running')} />
          ) : it.held.length ? (
            [...steps(it.held)].map(([node, held]) => <HeldStep key={node} node={node} held={held} />)
          ) : (
            <State icon={<ShieldCheck />} title={t('run.held_none')}>
              {it.row.error?.sentence}
            </State>
          )
        }
      </Loaded>
    </Dialog>
  );
}

/** What was held, by the step that would have sent it. */
function steps(held: readonly HeldEffect[]): Map<string, HeldEffect[]> {
  const found = new Map<string, HeldEffect[]>();
  for (const effect of held) {
    const step = found.get(effect.node);
    if (step) step.push(effect);
    else found.set(effect.node, [effect]);
  }
  return found;
}

/** A table wider than this is not read; the record has the rest. */
const MOST_COLUMNS = 20;

function HeldStep({ node, held }: { node: string; held: readonly HeldEffect[] }) {
  const { t } = useTranslation();
  const title = documentNow().nodes[node]?.title ?? node;
  const columns = [...new Set(held.flatMap(({ body }) => Object.keys(fields(body))))].slice(0, MOST_COLUMNS);
  return (
    <section className="held-step">
      <h3 className="sheet-head">
        {title}{' '}
        <span className="faint">
          {formatNumber(held.length)} {t('card.records', { count: held.length })}
        </span>
      </h3>
      {held.some((effect) => effect.request) || !columns.length ? (
        <ul className="versions">
          {held.map((effect) => (
            <li key={effect.id}>
              <details>
                <summary>{effect.sentence}</summary>
                <pre className="json mono">{JSON.stringify(effect.body, null, 2)}</pre>
              </details>
            </li>
          ))}
        </ul>
      ) : (
        <Scroll className="panel-scroll" label={title}>
          <table className="table">
            <thead>
              <tr>
                {columns.map((name) => (
                  <th key={name} className={numeric(held[0]?.body ?? null, name)}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {held.map(({ id, body }) => (
                <tr key={id}>
                  {columns.map((name) => (
                    <td key={name} dir="auto" className={numeric(body, name)}>
                      {formatCell(plain(fields(body)[name] ?? null))}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}

const fields = (body: Json): Record<string, Json> =>
  typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};

const numeric = (body: Json, name: string) => (typeof fields(body)[name] === 'number' ? 'number' : undefined);
