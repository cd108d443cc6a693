/** What can be done to the canvas and to what is selected on it. */
import {
  AlignHorizontalSpaceAround,
  AlignStartHorizontal,
  AlignStartVertical,
  AlignVerticalSpaceAround,
  Group,
  Maximize,
  Plus,
  Redo2,
  Search,
  StickyNote,
  Undo2,
  WandSparkles,
} from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { addNote, alignNodes, groupNodes, tidyNodes } from '../document/actions.ts';
import type { Point } from '../document/flow.ts';
import { openFlow, redoChange, undoChange } from '../document/store.ts';
import { Button } from '../kit/controls.tsx';

interface ToolbarProps {
  onAdd: () => void;
  onFind: () => void;
  onFit: () => void;
  middle: () => Point;
}

export function Toolbar({ onAdd, onFind, onFit, middle }: ToolbarProps) {
  const { t } = useTranslation();
  const canUndo = useStore(openFlow, (state) => state.history.past.length > 0);
  const canRedo = useStore(openFlow, (state) => state.history.future.length > 0);
  const chosen = useStore(openFlow, (state) => state.selected.length);
  return (
    <div className="toolbar" role="toolbar" aria-label={t('canvas.tools')}>
      <Button look="icon" tip={`${t('canvas.add')} (/)`} onClick={onAdd}>
        <Plus />
      </Button>
      <span className="tool-line" />
      <Button look="icon" tip={t('canvas.undo')} disabled={!canUndo} onClick={undoChange}>
        <Undo2 />
      </Button>
      <Button look="icon" tip={t('canvas.redo')} disabled={!canRedo} onClick={redoChange}>
        <Redo2 />
      </Button>
      <span className="tool-line" />
      <Button look="icon" tip={t('canvas.tidy')} onClick={tidyNodes}>
        <WandSparkles />
      </Button>
      <Button look="icon" tip={t('canvas.add_note')} onClick={() => addNote(t('canvas.new_note'), middle())}>
        <StickyNote />
      </Button>
      <Button look="icon" tip={`${t('canvas.find')} (Ctrl F)`} onClick={onFind}>
        <Search />
      </Button>
      <Button look="icon" tip={`${t('canvas.fit')} (F)`} onClick={onFit}>
        <Maximize />
      </Button>
      {chosen > 1 ? (
        <>
          <span className="tool-line" />
          <Button look="icon" tip={t('canvas.group')} onClick={() => groupNodes(t('canvas.new_group'))}>
            <Group />
          </Button>
          <Button look="icon" tip={t('canvas.align_left')} onClick={() => alignNodes('left')}>
            <AlignStartVertical />
          </Button>
          <Button look="icon" tip={t('canvas.align_top')} onClick={() => alignNodes('top')}>
            <AlignStartHorizontal />
          </Button>
          <Button look="icon" tip={t('canvas.spread_x')} onClick={() => alignNodes('spread_x')}>
            <AlignHorizontalSpaceAround />
          </Button>
          <Button look="icon" tip={t('canvas.spread_y')} onClick={() => alignNodes('spread_y')}>
            <AlignVerticalSpaceAround />
          </Button>
        </>
      ) : null}
    </div>
  );
}
