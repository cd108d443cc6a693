/** A run with everything outgoing held: what would be sent, each openable. */
import { ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine, type Run } from '../bridge/index.ts';
import { isRunning } from '../document/live.ts';
import { flush } from '../document/store.ts';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Dialog, Loading, State } from '../kit/surfaces.tsx';
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
            <ul className="versions">
              {it.held.map((effect) => (
                <li key={effect.id}>
                  <details>
                    <summary>
                      {effect.sentence} <span className="faint">{effect.node}</span>
                    </summary>
                    <pre className="json mono">{JSON.stringify(effect.body, null, 2)}</pre>
                  </details>
                </li>
              ))}
            </ul>
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
