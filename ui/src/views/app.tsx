/** The window: rail, screen, banner when the engine is gone, command palette. */
import { Tooltip } from 'radix-ui';
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine, type Link } from '../bridge/index.ts';
import { followRun } from '../document/live.ts';
import { followFlow } from '../document/store.ts';
import { setLanguage } from '../kit/i18n.ts';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Loading, say, Toasts } from '../kit/surfaces.tsx';
import { setTheme } from '../kit/theme.ts';
import { CommandPalette } from './command.tsx';
import { FromComputer } from './computer.tsx';
import { ConnectionsView } from './connections-view.tsx';
import { useEvents } from './events.ts';
import { FailedView } from './failed-view.tsx';
import { FlowsView } from './flows-view.tsx';
import { GalleryView } from './gallery-view.tsx';
import { Rail } from './rail.tsx';
import { useRoute } from './route.ts';
import { RunsView } from './runs-view.tsx';
import { SettingsView } from './settings-view.tsx';

const EditorView = lazy(() => import('./editor-view.tsx'));
const HelpView = lazy(() => import('./help-view.tsx'));

export function App() {
  const { t, i18n } = useTranslation();
  const route = useRoute();
  const [link, setLink] = useState<Link>('live');
  const [isCommanding, setCommanding] = useState(false);
  const health = useLoad(() => engine().call('health', {}), `${link} ${i18n.language}`);
  const catalogue = useLoad(() => engine().call('catalogue', {}), `${link} ${i18n.language}`);
  const kinds = useMemo(
    () => new Map((catalogue.value?.kinds ?? []).map((kind) => [kind.kind, kind])),
    [catalogue.value],
  );
  useEvents(['inbox_changed', 'health', 'run_ended'], health.reload);

  useEffect(() => engine().onLink(setLink), []);
  useEffect(
    () =>
      engine().subscribe((event) => {
        followRun(event);
        // a change that cannot be read now is found out by the next save
        followFlow(event).catch(() => undefined);
        if (event.type === 'alert') say(event.sentence, 'bad');
      }),
    [],
  );
  useEffect(() => {
    engine()
      .call('settings.get', {})
      .then(
        (settings) => {
          if (settings.language) setLanguage(settings.language);
          if (settings.theme && settings.theme !== 'system') setTheme(settings.theme);
        },
        // Without settings the choices kept in this browser hold.
        () => undefined,
      );
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setCommanding(true);
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  const closeCommand = useCallback(() => setCommanding(false), []);

  // what was said in another language is read again; settings and an open flow go on where they are
  const isKept = route.screen === 'settings' || route.screen === 'flow';
  const troubles = health.value?.troubles ?? [];
  return (
    <Tooltip.Provider delayDuration={400}>
      <div className="app">
        <Rail screen={route.screen} failed={(health.value?.failed ?? 0) + (health.value?.questions ?? 0)} />
        <div className="page">
          {link === 'lost' ? (
            <div className="banner" role="alert" data-tone="bad">
              {t('app.engine_gone')}
            </div>
          ) : null}
          {troubles.map((trouble) => (
            <div key={trouble} className="banner" role="alert" data-tone="warn">
              {trouble}
            </div>
          ))}
          <Loaded of={catalogue}>
            {() => (
              <Suspense key={isKept ? '' : i18n.language} fallback={<Loading label={t('common.loading')} />}>
                {route.screen === 'flow' ? (
                  <EditorView key={route.id} id={route.id} run={route.run} kinds={kinds} />
                ) : null}
                {route.screen === 'flows' ? <FlowsView /> : null}
                {route.screen === 'runs' ? <RunsView /> : null}
                {route.screen === 'failed' ? <FailedView /> : null}
                {route.screen === 'connections' ? <ConnectionsView /> : null}
                {route.screen === 'gallery' ? <GalleryView kinds={kinds} /> : null}
                {route.screen === 'help' ? <HelpView page={route.id} /> : null}
                {route.screen === 'settings' ? <SettingsView health={health.value} /> : null}
              </Suspense>
            )}
          </Loaded>
        </div>
      </div>
      {isCommanding ? <CommandPalette onClose={closeCommand} /> : null}
      <FromComputer />
      <Toasts closeLabel={t('common.close')} />
    </Tooltip.Provider>
  );
}
