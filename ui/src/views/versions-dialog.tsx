/** The versions of a flow: what each changed on the canvas, and the way back. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine } from '../bridge/index.ts';
import { differences, type Naming } from '../document/differences.ts';
import { readFlow } from '../document/flow.ts';
import type { Kinds } from '../document/select.ts';
import { documentNow, flush, load } from '../document/store.ts';
import { Button, Pill } from '../kit/controls.tsx';
import { formatMoment } from '../kit/i18n.ts';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Dialog } from '../kit/surfaces.tsx';
import { attempt } from './events.ts';
import { VersionCanvas } from './version-canvas.tsx';

const tones = { added: 'ok', removed: 'bad', changed: 'warn' } as const;

interface VersionsDialogProps {
  flow: string;
  kinds: Kinds;
  onClose: () => void;
}

export function VersionsDialog({ flow, kinds, onClose }: VersionsDialogProps) {
  const { t } = useTranslation();
  const versions = useLoad(() => engine().call('flow.versions', { flow }), '');
  const [shown, setShown] = useState<number>();
  const name: Naming = (id, node) => node.title || kinds.get(node.kind)?.title || id;
  const restore = async (version: number) => {
    await flush();
    const saved = await attempt(() => engine().call('flow.restore', { flow, version }), t('app.engine_gone'));
    if (!saved) return;
    await load(flow);
    onClose();
  };
  return (
    <Dialog title={t('editor.versions')} closeLabel={t('common.close')} onClose={onClose} size="wide">
      <Loaded of={versions}>
        {({ versions: rows }) => (
          <ul className="versions">
            {rows.map((row, index) => (
              <li key={row.version}>
                <div className="row">
                  <b>{t('editor.version', { version: row.version })}</b>
                  {row.live ? <Pill tone="ok">{t('editor.live')}</Pill> : null}
                  <span className="faint">{formatMoment(row.saved_ms)}</span>
                  <span className="muted spacer ellipsis">{row.note}</span>
                  <Button
                    look="quiet"
                    aria-expanded={shown === row.version}
                    onClick={() => setShown(shown === row.version ? undefined : row.version)}
                  >
                    {t('editor.compare')}
                  </Button>
                  {index > 0 ? (
                    <Button onClick={() => void restore(row.version)}>{t('editor.restore')}</Button>
                  ) : null}
                </div>
                {shown === row.version ? <VersionDiff flow={flow} version={row.version} name={name} /> : null}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Dialog>
  );
}

interface VersionDiffProps {
  flow: string;
  version: number;
  name: Naming;
}

function VersionDiff({ flow, version, name }: VersionDiffProps) {
  const { t } = useTranslation();
  const old = useLoad(() => engine().call('flow.version.get', { flow, version }), String(version));
  return (
    <Loaded of={old}>
      {({ text }) => {
        const [before, after] = [readFlow(text), documentNow()];
        const list = differences(before, after, name);
        if (!list.length) return <p className="faint diff">{t('editor.no_difference')}</p>;
        return (
          <>
            <VersionCanvas before={before} after={after} name={name} />
            <ul className="diff">
              {list.map((it) => (
                <li key={it.id}>
                  <Pill tone={tones[it.how]}>{t(`diff.${it.how}`)}</Pill> {it.title}{' '}
                  <span className="faint">{it.fields.join(', ')}</span>
                </li>
              ))}
            </ul>
          </>
        );
      }}
    </Loaded>
  );
}
