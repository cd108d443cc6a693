/** The connections: accounts at systems, with their health and who uses them. Secrets go in and never come out. */
import type { TFunction } from 'i18next';
import { EllipsisVertical, Plug, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type ConnectionRow, engine } from '../bridge/index.ts';
import { Button, Pill, type Tone } from '../kit/controls.tsx';
import { KindBadge } from '../kit/glyph.tsx';
import { formatAgo, formatNumber } from '../kit/i18n.ts';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Menu, Scroll, State, say } from '../kit/surfaces.tsx';
import { ConnectionDialog, glyphFor } from './connection-dialog.tsx';
import { attempt, useEvents } from './events.ts';
import { WithoutDialog } from './without-dialog.tsx';

const tones: Record<string, Tone> = { good: 'ok', poor: 'warn', open: 'bad', unknown: 'plain' };

export function ConnectionsView() {
  const { t } = useTranslation();
  const connections = useLoad(() => engine().call('connections.list', {}), '');
  const [edited, setEdited] = useState<ConnectionRow | 'new'>();
  useEvents(['connection_changed'], connections.reload);
  const add = (
    <Button look="main" onClick={() => setEdited('new')}>
      <Plus /> {t('connections.new')}
    </Button>
  );
  return (
    <main className="screen">
      <header className="screen-head">
        <h1>{t('rail.connections')}</h1>
        <span className="spacer" />
        {add}
      </header>
      <Loaded of={connections}>
        {({ connections: rows }) =>
          rows.length ? (
            <Scroll className="screen-body" label={t('rail.connections')}>
              <table className="table">
                <thead>
                  <tr>
                    <th>{t('connections.name')}</th>
                    <th>{t('connections.health')}</th>
                    <th>{t('connections.secrets')}</th>
                    <th>{t('connections.rate')}</th>
                    <th>{t('connections.last_use')}</th>
                    <th>{t('connections.used_by')}</th>
                    <th>
                      <span className="visually-hidden">{t('common.more')}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((row) => (
                    <ConnectionLine
                      key={row.name}
                      row={row}
                      onEdit={() => setEdited(row)}
                      reload={connections.reload}
                    />
                  ))}
                </tbody>
              </table>
            </Scroll>
          ) : (
            <State icon={<Plug />} title={t('connections.none')} action={add}>
              {t('connections.none_help')}
            </State>
          )
        }
      </Loaded>
      {edited ? (
        <ConnectionDialog
          start={edited === 'new' ? undefined : edited}
          onClose={() => setEdited(undefined)}
          onSaved={() => {
            setEdited(undefined);
            connections.reload();
          }}
        />
      ) : null}
    </main>
  );
}

/** `600/min` in words; a dash where it may be called as often as it likes. */
function rateWords(rate: string | null | undefined, t: TFunction): string {
  const [, calls, span = ''] = /^\s*(\d+)\s*\/\s*(s|min|h)/.exec(rate ?? '') ?? [];
  return calls ? `${formatNumber(Number(calls))} ${t(`connections.per_${span}`)}` : '–';
}

function ConnectionLine({
  row,
  onEdit,
  reload,
}: {
  row: ConnectionRow;
  onEdit: () => void;
  reload: () => void;
}) {
  const { t } = useTranslation();
  const [isShowing, setShowing] = useState(false);
  const users = row.used_by;
  const gone = t('app.engine_gone');
  const sure = users.length
    ? t('connections.delete_used', { name: row.name, flows: users.map((it) => it.name).join(', ') })
    : t('connections.delete_sure', { name: row.name });
  const address =
    typeof row.config === 'object' && row.config !== null && !Array.isArray(row.config)
      ? (row.config.address ?? row.config.url ?? row.config.path)
      : '';
  const test = async () => {
    const answer = await attempt(() => engine().call('connections.test', { name: row.name }), gone);
    if (answer) say(`${row.name}: ${answer.sentence}`, answer.ok ? 'plain' : 'bad');
    reload();
  };
  return (
    <tr>
      <td>
        <div className="row">
          <KindBadge kind={glyphFor(row.kind)} contract="transform" />
          <div className="stack tight">
            <button type="button" className="list-link" onClick={onEdit}>
              {row.name}
            </button>
            <span className="faint small ellipsis">{typeof address === 'string' ? address : row.kind}</span>
          </div>
        </div>
      </td>
      <td>
        <Pill tone={tones[row.health.state]}>{t(`health.${row.health.state}`)}</Pill>
        {row.health.state === 'open' || row.health.state === 'poor' ? (
          <div className="bad small">{row.health.error.sentence}</div>
        ) : null}
      </td>
      <td className="muted">
        {row.secrets.map((name) => t(`connections.${name}`, { defaultValue: name })).join(', ') || '–'}
      </td>
      <td className="muted">
        {rateWords(row.rate, t)}
        {row.paced_until_ms ? (
          <div className="warn small">
            {t('connections.paced', { when: formatAgo(row.paced_until_ms, Date.now()) })}
          </div>
        ) : null}
      </td>
      <td className="muted">
        {row.last_use_ms ? formatAgo(row.last_use_ms, Date.now()) : t('connections.never')}
      </td>
      <td className="muted note-cell">
        {users.length ? (
          <button type="button" className="list-link plain" dir="auto" onClick={() => setShowing(true)}>
            {users.map((it) => it.name).join(', ')}
            <span className="faint small block">
              {t('connections.stops', { count: users.reduce((sum, it) => sum + it.stops.length, 0) })}
            </span>
          </button>
        ) : (
          '–'
        )}
        {isShowing ? <WithoutDialog row={row} onClose={() => setShowing(false)} /> : null}
      </td>
      <td className="number">
        <div className="row-tools">
          <Button onClick={() => void test()}>{t('connections.test')}</Button>
          <Menu
            trigger={
              <button
                type="button"
                className="button"
                data-look="icon"
                aria-label={`${t('common.more')}: ${row.name}`}
              >
                <EllipsisVertical />
              </button>
            }
            entries={[
              { label: t('common.edit'), onChoose: onEdit },
              {
                label: t('common.delete'),
                onChoose: () =>
                  confirm(sure) &&
                  void attempt(() => engine().call('connections.delete', { name: row.name }), gone).then(
                    reload,
                  ),
              },
            ]}
          />
        </div>
      </td>
    </tr>
  );
}
