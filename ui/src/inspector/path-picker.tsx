/** Chooses a folder or a file on the engine's machine, which may be another one than the window's. */
import { ArrowUp, File, Folder, FolderOpen } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine } from '../bridge/index.ts';
import { Button } from '../kit/controls.tsx';
import { Loaded, useLoad } from '../kit/load.tsx';
import { Dialog, Scroll } from '../kit/surfaces.tsx';

interface PathPickerProps {
  wanted: 'folder' | 'file';
  /** Where the choice begins: the home where nothing is said. */
  from?: string | undefined;
  onChoose: (path: string) => void;
}

/** A button that opens the choice. */
export function PathPicker(props: PathPickerProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button look="icon" tip={t(`path.choose_${props.wanted}`)} onClick={() => setOpen(true)}>
        <FolderOpen />
      </Button>
      {isOpen ? <PathDialog {...props} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function PathDialog({ wanted, from, onChoose, onClose }: PathPickerProps & { onClose: () => void }) {
  const { t } = useTranslation();
  const [folder, setFolder] = useState(from);
  const places = useLoad(async () => {
    try {
      return await engine().call('places.list', folder ? { folder } : {});
    } catch (error) {
      // what stood in the field may be gone: then the choice begins at home
      if (folder !== from || !from) throw error;
      return engine().call('places.list', {});
    }
  }, folder ?? '');
  const choose = (path: string) => {
    onClose();
    onChoose(path);
  };
  const here = places.value?.folder;
  const parent = places.value?.parent;
  const foot = (
    <>
      <span className="spacer" />
      <Button onClick={onClose}>{t('common.cancel')}</Button>
      {wanted === 'folder' ? (
        <Button look="main" disabled={!here} onClick={() => here && choose(here)}>
          {t('path.take')}
        </Button>
      ) : null}
    </>
  );
  return (
    <Dialog title={t(`path.choose_${wanted}`)} closeLabel={t('common.close')} onClose={onClose} foot={foot}>
      <div className="row path-here">
        <Button look="icon" tip={t('path.up')} disabled={!parent} onClick={() => parent && setFolder(parent)}>
          <ArrowUp />
        </Button>
        <bdi className="mono ellipsis">{here ?? folder}</bdi>
      </div>
      {here && places.error ? <p className="field-bad">{places.error}</p> : null}
      <Loaded of={places}>
        {({ folders, files, is_cut }) => (
          <Scroll className="path-list" label={t('path.folders')}>
            {folders.map((it) => (
              <button type="button" key={it.path} className="popup-item" onClick={() => setFolder(it.path)}>
                <Folder /> <bdi className="ellipsis">{it.name}</bdi>
              </button>
            ))}
            {files.map((it) => (
              <button
                type="button"
                key={it.path}
                className="popup-item"
                disabled={wanted === 'folder'}
                onClick={() => choose(it.path)}
              >
                <File /> <bdi className="ellipsis">{it.name}</bdi>
              </button>
            ))}
            {folders.length + files.length ? null : <p className="faint">{t('path.empty')}</p>}
            {is_cut ? <p className="faint">{t('path.cut')}</p> : null}
          </Scroll>
        )}
      </Loaded>
    </Dialog>
  );
}
