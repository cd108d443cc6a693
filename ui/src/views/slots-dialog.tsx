/** What the flow leaves open for whoever uses it: folders, connections, values. Declared here, filled here or where it is opened. */
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { SlotState } from '../bridge/index.ts';
import type { Slot } from '../document/flow.ts';
import {
  emptySlot,
  fillSlot,
  SLOT_TYPES,
  type Slots,
  type SlotType,
  slotNameFault,
  typeOf,
} from '../document/slots.ts';
import { change, openFlow } from '../document/store.ts';
import { Button, Field, NumberInput, Select, Switch } from '../kit/controls.tsx';
import { Dialog } from '../kit/surfaces.tsx';
import { SYSTEMS } from './connection-dialog.tsx';
import { SlotField } from './slot-field.tsx';

const ACCESS = ['read', 'write', 'read_write'];
const NONE: Slots = {};
const setSlots = (slots: Slots, key?: string) => change({ type: 'flow.set', fields: { slots } }, key);

export function SlotsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const slots = useStore(openFlow, (state) => state.history.doc.slots ?? NONE);
  const states = useStore(openFlow, (state) => state.slots);
  return (
    <Dialog title={t('slots.title')} closeLabel={t('common.close')} onClose={onClose} size="wide">
      <p className="muted">{t('slots.words', { open: '{{' })}</p>
      {Object.entries(slots).map(([name, slot]) => (
        <SlotCard
          key={name}
          name={name}
          slot={slot}
          state={states.find((it) => it.name === name)}
          onChange={(next) => setSlots({ ...slots, [name]: next }, `slot.${name}`)}
          onRemove={() => {
            const { [name]: _gone, ...rest } = slots;
            setSlots(rest);
          }}
        />
      ))}
      <NewSlot slots={slots} />
    </Dialog>
  );
}

interface SlotCardProps {
  name: string;
  slot: Slot;
  /** What the engine knows of it, once it is saved. */
  state: SlotState | undefined;
  onChange: (slot: Slot) => void;
  onRemove: () => void;
}

function SlotCard({ name, slot, state, onChange, onRemove }: SlotCardProps) {
  const { t } = useTranslation();
  const [refusal, setRefusal] = useState<string>();
  const flow = useStore(openFlow, (it) => it.id);
  const users = state?.used_by.join(', ') ?? '';
  const type = typeOf(slot);
  return (
    <section className="slot-card" aria-label={name}>
      <header className="row">
        <b className="mono">{name}</b>
        <span className="faint">{t(`slot.${type}`)}</span>
        <span className="faint spacer ellipsis">{users ? t('trust.used_by', { nodes: users }) : ''}</span>
        <Button
          look="icon"
          disabled={users !== ''}
          tip={users ? t('slots.in_use', { nodes: users }) : t('slots.remove', { name })}
          onClick={onRemove}
        >
          <Trash2 />
        </Button>
      </header>
      <div className="row slot-parts">
        <Part name={name} slot={slot} type={type} onChange={onChange} />
        {state ? (
          <SlotField
            key={JSON.stringify(state.filled)}
            flow={flow}
            slot={state}
            label={t('slots.here')}
            bad={refusal}
            onFill={(value) => void fillSlot(name, value).then(setRefusal)}
          />
        ) : null}
      </div>
      <Field label={t('slots.help')}>
        <input
          className="input"
          dir="auto"
          aria-label={`${t('slots.help')}: ${name}`}
          value={slot.help ?? ''}
          onChange={(event) => {
            const { help: _before, ...rest } = slot;
            onChange(event.target.value ? { ...rest, help: event.target.value } : rest);
          }}
        />
      </Field>
    </section>
  );
}

/** What the file says of a slot by its type: the system, what is done in the folder, the usual value. */
function Part({
  name,
  slot,
  type,
  onChange,
}: Pick<SlotCardProps, 'name' | 'slot' | 'onChange'> & { type: SlotType }) {
  const { t } = useTranslation();
  const value = slot[type];
  const set = (next: string | number | boolean | null) => onChange({ ...slot, [type]: next });
  const label = t(`slots.part_${type}`);
  const named = `${label}: ${name}`;
  return (
    <Field label={label}>
      {type === 'connection' || type === 'folder' ? (
        <Select
          label={named}
          value={typeof value === 'string' ? value : ''}
          options={(type === 'folder' ? ACCESS : SYSTEMS).map((it) => ({
            value: it,
            label: t(type === 'folder' ? `slot.${it}` : `system.${it}`),
          }))}
          onChange={set}
        />
      ) : type === 'number' ? (
        <NumberInput
          label={named}
          isFraction
          value={typeof value === 'number' ? value : undefined}
          onChange={(next) => set(next ?? null)}
        />
      ) : type === 'bool' ? (
        <Switch label={named} on={value === true} onChange={set} />
      ) : (
        <input
          className="input"
          dir="auto"
          aria-label={named}
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => set(event.target.value || null)}
        />
      )}
    </Field>
  );
}

function NewSlot({ slots }: { slots: Slots }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [type, setType] = useState<SlotType>('folder');
  const fault = name ? slotNameFault(name, slots) : undefined;
  const add = () => {
    if (!name || fault) return;
    setSlots({ ...slots, [name]: emptySlot(type) });
    setName('');
  };
  return (
    <>
      <h3 className="sheet-head">{t('slots.new')}</h3>
      <form
        className="row slot-parts"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <Field label={t('slots.name')} help={t('slots.name_help')} bad={fault && t(`slots.name_${fault}`)}>
          <input
            className="input mono"
            aria-label={t('slots.name')}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field label={t('slots.type')}>
          <Select
            label={t('slots.type')}
            value={type}
            options={SLOT_TYPES.map((it) => ({ value: it, label: t(`slot.${it}`) }))}
            onChange={(it) => setType(SLOT_TYPES.find((known) => known === it) ?? 'folder')}
          />
        </Field>
        <Button type="submit" disabled={!name || fault !== undefined}>
          <Plus /> {t('slots.add')}
        </Button>
      </form>
    </>
  );
}
