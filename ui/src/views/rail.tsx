/** The left rail: the screens. */
import { CircleHelp, LayoutGrid, List, Plug, Settings, TriangleAlert, Waypoints } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '../kit/controls.tsx';
import { go } from './route.ts';

export const SCREENS = [
  { screen: 'flows', icon: Waypoints },
  { screen: 'runs', icon: List },
  { screen: 'failed', icon: TriangleAlert },
  { screen: 'connections', icon: Plug },
  { screen: 'gallery', icon: LayoutGrid },
  { screen: 'help', icon: CircleHelp },
  { screen: 'settings', icon: Settings },
] as const;

export function Rail({ screen, failed }: { screen: string; failed: number }) {
  const { t } = useTranslation();
  return (
    <nav className="rail" aria-label={t('rail.label')}>
      <svg className="logo" viewBox="0 0 24 24" aria-hidden="true">
        <path d="M4 19 12 4l8 15M8 15c3-3 5-3 8 0" />
      </svg>
      {SCREENS.map(({ screen: name, icon: Icon }) => {
        const isHere = screen === name || (name === 'flows' && screen === 'flow');
        return (
          <span key={name} className="rail-place" data-last={name === 'help' || undefined}>
            <Button
              look="icon"
              tip={t(`rail.${name}`)}
              aria-current={isHere ? 'page' : undefined}
              onClick={() => go(name)}
            >
              <Icon />
            </Button>
            {name === 'failed' && failed ? (
              <span className="rail-count" aria-hidden="true">
                {failed > 99 ? '99+' : failed}
              </span>
            ) : null}
          </span>
        );
      })}
    </nav>
  );
}
