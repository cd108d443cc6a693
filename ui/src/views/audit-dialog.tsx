/** What people decided here, and whether the trail of it is whole. */

import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { type AuditLine, engine } from '../bridge/index.ts';
import { Pill } from '../kit/controls.tsx';
import { formatMoment, formatNumber } from '../kit/i18n.ts';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Dialog, Scroll } from '../kit/surfaces.tsx';

export function AuditDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const trail = useLoad(() => engine().call('audit.list', {}), '');
  const words = (action: string) =>
    t(`audit.did.${action.startsWith('alert.') ? 'alert' : action.replace('.', '_')}`, {
      defaultValue: action,
    });
  return (
    <Dialog title={t('audit.title')} closeLabel={t('common.close')} onClose={onClose} size="wide">
      <Loaded of={trail}>
        {({ lines, whole, broken }) => (
          <>
            <p className="row wrap dialog-words">
              {broken ? (
                <Pill tone="bad">{broken}</Pill>
              ) : (
                <Pill tone="ok">{t('audit.whole', { count: whole ?? 0 })}</Pill>
              )}
              <span className="faint small">{t('audit.whole_help')}</span>
            </p>
            <Scroll className="dialog-rows" label={t('audit.title')}>
              <table className="table trail">
                <thead>
                  <tr>
                    <th>{t('audit.when')}</th>
                    <th>{t('audit.what')}</th>
                    <th>{t('audit.subject')}</th>
                    <th>{t('audit.detail')}</th>
                  </tr>
                </thead>
                <tbody>
                  {lines.map((line, index) => (
                    // lines are only added, at the beginning
                    <tr key={lines.length - index}>
                      <td>{formatMoment(line.at_ms)}</td>
                      <td>{words(line.action)}</td>
                      <td dir="auto">{line.subject || '–'}</td>
                      <td className="muted" dir="auto">
                        {details(line, t)}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          </>
        )}
      </Loaded>
    </Dialog>
  );
}

/** What stands beside a decision: a version, how many records, a sentence; a name is not said twice. */
function details(line: AuditLine, t: TFunction): string {
  if (line.action === 'flow.arm') return t('editor.version', { version: line.detail });
  if (line.action.startsWith('failed.')) return `× ${formatNumber(Number(line.detail))}`;
  return line.detail === line.subject ? '' : line.detail;
}
