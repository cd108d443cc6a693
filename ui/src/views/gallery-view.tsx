/** Flows the app offers: each becomes the person's own with one press. */
import { LayoutGrid } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine, type FlowImported, type GalleryRow } from '../bridge/index.ts';
import type { Kinds } from '../document/select.ts';
import { Button, Pill } from '../kit/controls.tsx';
import { KindBadge } from '../kit/glyph.tsx';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Scroll, State } from '../kit/surfaces.tsx';
import { attempt } from './events.ts';
import { ImportButton, ImportedSheet } from './import-sheet.tsx';
import { go } from './route.ts';

export function GalleryView({ kinds }: { kinds: Kinds }) {
  const { t } = useTranslation();
  const gallery = useLoad(() => engine().call('gallery.list', {}), '');
  const [imported, setImported] = useState<FlowImported>();
  const use = async (row: GalleryRow) => {
    const answer = await attempt(async () => {
      const { text } = await engine().call('gallery.get', { slug: row.slug });
      return engine().call('flow.import', { text });
    }, t('app.engine_gone'));
    if (!answer) return;
    const isReady =
      answer.slots.every((slot) => slot.filled !== null || slot.default !== null) &&
      answer.authority.every((it) => it.granted);
    if (isReady) go('flow', answer.flow);
    else setImported(answer);
  };
  return (
    <main className="screen">
      <header className="screen-head">
        <h1>{t('rail.gallery')}</h1>
        <span className="spacer" />
        <ImportButton />
      </header>
      <Loaded of={gallery}>
        {({ flows }) =>
          flows.length ? (
            <Scroll className="screen-body padded" label={t('rail.gallery')}>
              <div className="gallery">
                {flows.map((row) => (
                  <article key={row.slug} className="panel gallery-card">
                    <div className="row gallery-kinds">
                      {row.kinds.slice(0, 6).map((kind) => (
                        <KindBadge key={kind} kind={kind} contract={kinds.get(kind)?.contract ?? 'unknown'} />
                      ))}
                    </div>
                    <h2>{row.name}</h2>
                    <p className="muted">{row.about}</p>
                    <div className="row">
                      {row.runs_at_once ? <Pill tone="ok">{t('gallery.runs_at_once')}</Pill> : null}
                      <span className="spacer" />
                      <Button onClick={() => void use(row)} aria-label={`${t('gallery.use')}: ${row.name}`}>
                        {t('gallery.use')}
                      </Button>
                    </div>
                  </article>
                ))}
              </div>
            </Scroll>
          ) : (
            <State icon={<LayoutGrid />} title={t('gallery.none')} />
          )
        }
      </Loaded>
      <ImportedSheet of={imported} onClose={() => setImported(undefined)} />
    </main>
  );
}
