/** The command palette: every screen, flow and action from the keyboard. */
import { Command } from 'cmdk';
import { MoonStar, Plus, Waypoints } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { engine } from '../bridge/index.ts';
import { LANGUAGES, setLanguage } from '../kit/i18n.ts';
import { useLoad } from '../kit/load.tsx';
import { setTheme } from '../kit/theme.ts';
import { newFlow } from './new-flow.ts';
import { SCREENS } from './rail.tsx';
import { go } from './route.ts';

export function CommandPalette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const flows = useLoad(() => engine().call('flows.list', {}), '');
  const act = (work: () => void) => () => {
    onClose();
    work();
  };
  return (
    <Command.Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      label={t('command.label')}
      contentClassName="command"
      overlayClassName="overlay"
      loop
    >
      <Command.Input placeholder={t('command.search')} className="palette-input" />
      <Command.List className="palette-list" label={t('command.label')}>
        <Command.Empty className="palette-empty">{t('library.nothing')}</Command.Empty>
        <Command.Group heading={t('command.screens')}>
          {SCREENS.map(({ screen, icon: Icon }) => (
            <Command.Item
              key={screen}
              value={t(`rail.${screen}`)}
              className="popup-item"
              onSelect={act(() => go(screen))}
            >
              <Icon /> {t(`rail.${screen}`)}
            </Command.Item>
          ))}
        </Command.Group>
        {flows.value?.flows.length ? (
          <Command.Group heading={t('rail.flows')}>
            {flows.value.flows.map((flow) => (
              <Command.Item
                key={flow.id}
                value={`${flow.name} ${flow.id}`}
                className="popup-item"
                onSelect={act(() => go('flow', flow.id))}
              >
                <Waypoints /> {flow.name}
              </Command.Item>
            ))}
          </Command.Group>
        ) : null}
        <Command.Group heading={t('command.actions')}>
          <Command.Item
            className="popup-item"
            onSelect={act(() => void newFlow(t('flows.untitled'), t('app.engine_gone')))}
          >
            <Plus /> {t('flows.new')}
          </Command.Item>
          {['light', 'dark', 'system'].map((theme) => (
            <Command.Item key={theme} className="popup-item" onSelect={act(() => setTheme(theme))}>
              <MoonStar /> {t('settings.theme')}: {t(`settings.${theme}`)}
            </Command.Item>
          ))}
          {LANGUAGES.map((language) => (
            <Command.Item
              key={language.value}
              className="popup-item"
              onSelect={act(() => setLanguage(language.value))}
            >
              {t('settings.language')}: {language.label}
            </Command.Item>
          ))}
        </Command.Group>
      </Command.List>
    </Command.Dialog>
  );
}
