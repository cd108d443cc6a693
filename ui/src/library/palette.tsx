/** The palette of node kinds: search by name, kind and other words; filtered to what can take a loose wire. */
import { Command } from 'cmdk';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { KindRow } from '../bridge/index.ts';
import type { Loose } from '../document/actions.ts';
import type { Kinds } from '../document/select.ts';
import { KindBadge } from '../kit/glyph.tsx';

const SHELVES = ['starts', 'files', 'records', 'control', 'web', 'databases', 'queues'];
const WIDTH = 340;
const HEIGHT = 400;

/** Whole words first: a name that begins so, a name that holds it, the kind, then any other word. */
function rank(kind: KindRow, wanted: string): number {
  const title = kind.title.toLowerCase();
  if (title.startsWith(wanted)) return 4;
  if (title.includes(wanted)) return 3;
  if (kind.kind.includes(wanted)) return 2;
  return [kind.help, ...kind.words].some((word) => word.toLowerCase().includes(wanted)) ? 1 : 0;
}

interface PaletteProps {
  kinds: Kinds;
  screen: [number, number];
  loose: Loose | undefined;
  onChoose: (kind: string) => void;
  onClose: () => void;
}

const fits = (kind: KindRow, loose: Loose | undefined): boolean =>
  !loose ||
  (loose.side === 'out' ? kind.inputs.length > 0 : kind.outputs.some((port) => port.name !== 'error'));

export function NodePalette({ kinds, screen, loose, onChoose, onClose }: PaletteProps) {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const wanted = search.trim().toLowerCase();
  const all = useMemo(() => [...kinds.values()].filter((kind) => fits(kind, loose)), [kinds, loose]);
  // what is searched stands in one list, the best first; what is looked through stands on its shelves
  const found = useMemo(
    () =>
      all
        .map((kind) => ({ kind, rank: rank(kind, wanted) }))
        .filter((it) => it.rank > 0)
        .sort((a, b) => b.rank - a.rank)
        .map((it) => it.kind),
    [all, wanted],
  );
  const shelves = useMemo(
    () =>
      [...new Set([...SHELVES, ...all.map((kind) => kind.category)])]
        .map((shelf) => ({ shelf, kinds: all.filter((kind) => kind.category === shelf) }))
        .filter((it) => it.kinds.length),
    [all],
  );
  const left = Math.max(8, Math.min(screen[0], innerWidth - WIDTH - 12));
  const top = Math.max(8, Math.min(screen[1], innerHeight - HEIGHT - 12));
  const draw = (kind: KindRow) => (
    <Command.Item
      key={kind.kind}
      value={kind.kind}
      className="popup-item palette-item"
      onSelect={() => onChoose(kind.kind)}
    >
      <KindBadge kind={kind.kind} contract={kind.contract} size="small" />
      <span className="palette-words">
        <span>{kind.title}</span>
        <span className="faint ellipsis">{kind.help}</span>
      </span>
    </Command.Item>
  );
  return (
    <>
      <button
        type="button"
        className="palette-away"
        aria-label={t('common.close')}
        tabIndex={-1}
        onClick={onClose}
      />
      <div className="palette" role="dialog" aria-label={t('library.label')} style={{ left, top }}>
        <Command
          label={t('library.label')}
          shouldFilter={false}
          loop
          onKeyDown={(event) => event.key === 'Escape' && onClose()}
        >
          <Command.Input
            autoFocus
            value={search}
            onValueChange={setSearch}
            placeholder={loose ? t('library.after_wire') : t('library.search')}
            className="palette-input"
          />
          <Command.List className="palette-list" label={t('library.label')}>
            <Command.Empty className="palette-empty">{t('library.nothing')}</Command.Empty>
            {wanted
              ? found.map(draw)
              : shelves.map(({ shelf, kinds: rows }) => (
                  <Command.Group key={shelf} heading={t(`shelf.${shelf}`, { defaultValue: shelf })}>
                    {rows.map(draw)}
                  </Command.Group>
                ))}
          </Command.List>
        </Command>
      </div>
    </>
  );
}
