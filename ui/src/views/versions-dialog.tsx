/** The versions of a flow: what each changed on the canvas, and the way back. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine } from '../bridge/index.ts';
import { type FlowDoc, type FlowNode, readFlow } from '../document/flow.ts';
import { documentNow, flush, load } from '../document/store.ts';
import { Button, Pill } from '../kit/controls.tsx';
import { formatMoment } from '../kit/i18n.ts';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Dialog } from '../kit/surfaces.tsx';
import { attempt } from './events.ts';

interface Difference {
  id: string;
  how: 'added' | 'removed' | 'changed';
  fields: string[];
}

const title = (id: string, node: FlowNode | undefined) => node?.title || id;

function differences(before: FlowDoc, after: FlowDoc): Difference[] {
  const ids = [...new Set([...Object.keys(before.nodes), ...Object.keys(after.nodes)])];
  return ids.flatMap((id): Difference[] => {
    const [a, b] = [before.nodes[id], after.nodes[id]];
    if (!a) return [{ id: title(id, b), how: 'added', fields: [] }];
    if (!b) return [{ id: title(id, a), how: 'removed', fields: [] }];
    const names = [...new Set([...Object.keys(a.config ?? {}), ...Object.keys(b.config ?? {})])];
    const fields = names.filter(
      (name) => JSON.stringify(a.config?.[name]) !== JSON.stringify(b.config?.[name]),
    );
    const isOther = JSON.stringify({ ...a, config: 0 }) !== JSON.stringify({ ...b, config: 0 });
    return fields.length || isOther ? [{ id: title(id, b), how: 'changed', fields }] : [];
  });
}

const tones = { added: 'ok', removed: 'bad', changed: 'warn' } as const;

export function VersionsDialog({ flow, onClose }: { flow: string; onClose: () => void }) {
  const { t } = useTranslation();
  const versions = useLoad(() => engine().call('flow.versions', { flow }), '');
  const [shown, setShown] = useState<number>();
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
                {shown === row.version ? <VersionDiff flow={flow} version={row.version} /> : null}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Dialog>
  );
}

function VersionDiff({ flow, version }: { flow: string; version: number }) {
  const { t } = useTranslation();
  const old = useLoad(() => engine().call('flow.version.get', { flow, version }), String(version));
  return (
    <Loaded of={old}>
      {({ text }) => {
        const list = differences(readFlow(text), documentNow());
        if (!list.length) return <p className="faint diff">{t('editor.no_difference')}</p>;
        return (
          <ul className="diff">
            {list.map((it) => (
              <li key={it.id + it.how}>
                <Pill tone={tones[it.how]}>{t(`diff.${it.how}`)}</Pill> {it.id}{' '}
                <span className="faint">{it.fields.join(', ')}</span>
              </li>
            ))}
          </ul>
        );
      }}
    </Loaded>
  );
}
