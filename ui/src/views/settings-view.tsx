/** What the person can choose, and how the engine stands. */
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine, type Health, type Settings } from '../bridge/index.ts';
import { Button, Field, NumberInput, Segments, Select, Switch } from '../kit/controls.tsx';
import { formatNumber, LANGUAGES, setLanguage } from '../kit/i18n.ts';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Scroll } from '../kit/surfaces.tsx';
import { setTheme, themeNow } from '../kit/theme.ts';
import { ZoneSelect, zoneHere, zoneName } from '../kit/zone.tsx';
import { AuditDialog } from './audit-dialog.tsx';
import { attempt } from './events.ts';

const GIGABYTE = 1e9;
const MEGABYTE = 1e6;

export function SettingsView({ health }: { health: Health | undefined }) {
  const { t, i18n } = useTranslation();
  const [isAuditing, setAuditing] = useState(false);
  const settings = useLoad(() => engine().call('settings.get', {}), '');
  const set = async (now: Settings, next: Partial<Settings>) => {
    await attempt(() => engine().call('settings.set', { ...now, ...next }), t('app.engine_gone'));
    settings.reload();
  };
  const megabytes = (bytes: number) =>
    t('settings.megabytes', { n: formatNumber(Math.ceil(bytes / MEGABYTE)) });
  return (
    <main className="screen">
      <header className="screen-head">
        <h1>{t('rail.settings')}</h1>
      </header>
      <Scroll className="screen-body padded" label={t('rail.settings')}>
        <Loaded of={settings}>
          {(now) => (
            <div className="settings">
              <section className="panel padded-panel">
                <h2>{t('settings.look')}</h2>
                <Field label={t('settings.language')}>
                  <Select
                    label={t('settings.language')}
                    value={i18n.language}
                    options={LANGUAGES}
                    onChange={(language) => {
                      setLanguage(language);
                      void set(now, { language });
                    }}
                  />
                </Field>
                <Field label={t('settings.theme')}>
                  <Segments
                    label={t('settings.theme')}
                    value={themeNow()}
                    options={['light', 'dark', 'system'].map((value) => ({
                      value,
                      label: t(`settings.${value}`),
                    }))}
                    onChange={(theme) => {
                      setTheme(theme);
                      void set(now, { theme });
                    }}
                  />
                </Field>
              </section>
              <section className="panel padded-panel">
                <h2>{t('settings.engine')}</h2>
                <Field label={t('settings.zone')} help={t('settings.zone_help')}>
                  <ZoneSelect
                    label={t('settings.zone')}
                    value={now.zone}
                    otherwise={t('zone.as_computer', { zone: zoneName(zoneHere()) })}
                    onChange={(zone = '') => void set(now, { zone })}
                  />
                </Field>
                <Field label={t('settings.keep_days')} help={t('settings.keep_days_help')}>
                  <NumberInput
                    isLate
                    label={t('settings.keep_days')}
                    min={1}
                    max={3650}
                    value={now.keep_days}
                    onChange={(keep_days = now.keep_days) => void set(now, { keep_days })}
                  />
                </Field>
                <Field label={t('settings.budget_gib')} help={t('settings.budget_gib_help')}>
                  <NumberInput
                    isLate
                    label={t('settings.budget_gib')}
                    min={1}
                    max={1000}
                    value={now.budget_gib}
                    onChange={(budget_gib = now.budget_gib) => void set(now, { budget_gib })}
                  />
                </Field>
                <Field label={t('settings.notices')} help={t('settings.notices_help')}>
                  <Switch
                    label={t('settings.notices')}
                    on={now.notices}
                    onChange={(notices) => void set(now, { notices })}
                  />
                </Field>
                <Autostart />
              </section>
              {health ? (
                <section className="panel padded-panel">
                  <h2>{t('settings.health')}</h2>
                  <dl className="facts">
                    <dt>{t('settings.version')}</dt>
                    <dd>{health.version}</dd>
                    <dt>{t('settings.queue')}</dt>
                    <dd>{formatNumber(health.queue)}</dd>
                    <dt>{t('settings.running')}</dt>
                    <dd>{formatNumber(health.running)}</dd>
                    <dt>{t('settings.disk')}</dt>
                    <dd>
                      {health.disk_free_bytes === null
                        ? '–'
                        : t('settings.gigabytes', {
                            n: formatNumber(Math.round(health.disk_free_bytes / GIGABYTE)),
                          })}
                    </dd>
                    <dt>{t('settings.journal')}</dt>
                    <dd>{megabytes(health.disk_used_bytes)}</dd>
                    {health.memory_bytes === null ? null : (
                      <>
                        <dt>{t('settings.memory')}</dt>
                        <dd>{megabytes(health.memory_bytes)}</dd>
                      </>
                    )}
                    <dt>{t('settings.vault')}</dt>
                    <dd>{t(`vault.${health.vault}`, { defaultValue: health.vault })}</dd>
                    <dt>{t('settings.hooks')}</dt>
                    <dd>{health.hooks ?? t('settings.hooks_off')}</dd>
                  </dl>
                </section>
              ) : null}
              <section className="panel padded-panel">
                <h2>{t('audit.title')}</h2>
                <p className="muted dialog-words">{t('audit.words')}</p>
                <Button onClick={() => setAuditing(true)}>{t('audit.show')}</Button>
              </section>
              {isAuditing ? <AuditDialog onClose={() => setAuditing(false)} /> : null}
            </div>
          )}
        </Loaded>
      </Scroll>
    </main>
  );
}

/** The start with the session, where the editor is a program of this computer. */
function Autostart() {
  const { t } = useTranslation();
  const computer = engine().computer;
  const [isOn, setOn] = useState<boolean>();
  useEffect(() => {
    // a system that cannot start programs has no switch
    computer?.autostart().then(setOn, () => undefined);
  }, [computer]);
  if (!computer || isOn === undefined) return null;
  const set = async (on: boolean) =>
    setOn(await attempt(() => computer.setAutostart(on), t('app.engine_gone')).then((it) => it ?? isOn));
  return (
    <Field label={t('settings.autostart')} help={t('settings.autostart_help')}>
      <Switch label={t('settings.autostart')} on={isOn} onChange={(on) => void set(on)} />
    </Field>
  );
}
