/** Which flows use a connection, and what of them stops when its system does not answer. */
import { useTranslation } from 'react-i18next';
import type { ConnectionRow } from '../bridge/index.ts';
import { Pill } from '../kit/controls.tsx';
import { Dialog } from '../kit/surfaces.tsx';
import { go } from './route.ts';

export function WithoutDialog({ row, onClose }: { row: ConnectionRow; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog
      title={t('without.title', { name: row.name })}
      closeLabel={t('common.close')}
      onClose={onClose}
      size="wide"
    >
      <p className="muted dialog-words">{t('without.words')}</p>
      <table className="table">
        <thead>
          <tr>
            <th>{t('flows.name')}</th>
            <th>{t('without.stops')}</th>
            <th>{t('without.suffers')}</th>
          </tr>
        </thead>
        <tbody>
          {row.used_by.map((it) => (
            <tr key={it.flow}>
              <td>
                <button type="button" className="list-link" dir="auto" onClick={() => go('flow', it.flow)}>
                  {it.name}
                </button>{' '}
                {it.armed ? <Pill tone="ok">{t('flows.on')}</Pill> : <Pill>{t('flows.is_off')}</Pill>}
              </td>
              <td dir="auto">{it.stops.join(', ')}</td>
              <td className="muted" dir="auto">
                {it.suffers.join(', ') || '–'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}
