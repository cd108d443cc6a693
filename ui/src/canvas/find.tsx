/** Finds nodes of the open flow by name, kind and what stands in them. */
import { X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { documentNow } from '../document/store.ts';
import { Button } from '../kit/controls.tsx';

const MOST = 8;

/** A card that is called so comes before one whose name begins so, then one that has the words in its name, then elsewhere. */
function distance(title: string | undefined, wanted: string): number {
  const at = title?.toLowerCase().indexOf(wanted) ?? -1;
  if (at < 0) return 3;
  return at > 0 ? 2 : Number(title?.length !== wanted.length);
}

export function FindBox({ onReveal, onClose }: { onReveal: (id: string) => void; onClose: () => void }) {
  const { t } = useTranslation();
  const [words, setWords] = useState('');
  const wanted = words.trim().toLowerCase();
  const found = wanted
    ? Object.entries(documentNow().nodes)
        .filter(([id, node]) => `${id} ${JSON.stringify(node)}`.toLowerCase().includes(wanted))
        .sort(([, a], [, b]) => distance(a.title, wanted) - distance(b.title, wanted))
    : [];
  return (
    <div className="find-box">
      <div className="row">
        <input
          className="input"
          // biome-ignore lint/a11y/noAutofocus: it opens because the person asked to type here
          autoFocus
          aria-label={t('canvas.find')}
          placeholder={t('canvas.find_words')}
          value={words}
          onChange={(event) => setWords(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') onClose();
            if (event.key === 'Enter' && found[0]) onReveal(found[0][0]);
          }}
        />
        <Button look="icon" tip={t('common.close')} onClick={onClose}>
          <X />
        </Button>
      </div>
      {wanted && !found.length ? <p className="faint">{t('canvas.found_none')}</p> : null}
      {found.slice(0, MOST).map(([id, node]) => (
        <button type="button" key={id} className="popup-item find-item" onClick={() => onReveal(id)}>
          <span className="ellipsis">{node.title || id}</span>
          <span className="keys">{node.kind}</span>
        </button>
      ))}
    </div>
  );
}
