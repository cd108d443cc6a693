/** Notes and frames: what people write beside the cards. */
import { type NodeProps, NodeResizer } from '@xyflow/react';
import { Palette, Pencil, Trash2, X } from 'lucide-react';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Group, Note } from '../document/flow.ts';
import { change, documentNow } from '../document/store.ts';
import { Button } from '../kit/controls.tsx';
import type { FrameNode, NoteNode } from './shape.ts';

const COLORS = ['sand', 'teal', 'rose'];

const setNote = (index: number, next: Partial<Note> | null) => {
  const notes = [...(documentNow().notes ?? [])];
  const now = notes[index];
  if (!now) return;
  if (next) notes[index] = { ...now, ...next };
  else notes.splice(index, 1);
  change({ type: 'notes.set', notes });
};

/** Bold, code and line breaks; enough Markdown for a note. */
function Words({ text }: { text: string }) {
  return text.split('\n').map((line, row) => (
    <p key={row}>
      {line.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part, column) => {
        const key = `${column}${part}`;
        if (part.startsWith('**')) return <b key={key}>{part.slice(2, -2)}</b>;
        if (part.startsWith('`')) return <code key={key}>{part.slice(1, -1)}</code>;
        return part;
      })}
    </p>
  ));
}

function Sticky({ data }: NodeProps<NoteNode>) {
  const { t } = useTranslation();
  const [isEditing, setEditing] = useState(false);
  const { note, index } = data;
  const nextColor = COLORS[(COLORS.indexOf(note.color ?? 'sand') + 1) % COLORS.length];
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: by keyboard the note is opened from its tools
    <div className="note" data-color={note.color ?? 'sand'} onDoubleClick={() => setEditing(true)}>
      <NodeResizer
        minWidth={120}
        minHeight={48}
        isVisible={isEditing}
        onResizeEnd={(_, it) => setNote(index, { size: [Math.round(it.width), Math.round(it.height)] })}
      />
      {isEditing ? (
        <textarea
          className="nodrag note-text"
          aria-label={t('canvas.note')}
          defaultValue={note.text}
          ref={(element) => element?.focus()}
          onBlur={(event) => {
            setEditing(false);
            if (event.target.value !== note.text) setNote(index, { text: event.target.value });
          }}
        />
      ) : (
        <div className="note-text" dir="auto">
          <Words text={note.text} />
        </div>
      )}
      <div className="note-tools nodrag">
        <Button look="icon" tip={t('common.edit')} onClick={() => setEditing(true)}>
          <Pencil />
        </Button>
        <Button look="icon" tip={t('canvas.note_color')} onClick={() => setNote(index, { color: nextColor })}>
          <Palette />
        </Button>
        <Button look="icon" tip={t('common.delete')} onClick={() => setNote(index, null)}>
          <Trash2 />
        </Button>
      </div>
    </div>
  );
}

const setGroup = (index: number, next: Partial<Group> | null) => {
  const groups = [...(documentNow().groups ?? [])];
  const now = groups[index];
  if (!now) return;
  if (next) groups[index] = { ...now, ...next };
  else groups.splice(index, 1);
  change({ type: 'groups.set', groups }, `group.${index}`);
};

function Frame({ data }: NodeProps<FrameNode>) {
  const { t } = useTranslation();
  return (
    <div className="frame">
      <div className="frame-title">
        <input
          className="nodrag"
          aria-label={t('canvas.group_title')}
          value={data.group.title}
          onChange={(event) => setGroup(data.index, { title: event.target.value })}
        />
        <button
          type="button"
          className="frame-close nodrag"
          aria-label={t('canvas.ungroup')}
          onClick={() => setGroup(data.index, null)}
        >
          <X />
        </button>
      </div>
    </div>
  );
}

export const NoteCard = memo(Sticky);
export const GroupFrame = memo(Frame);
