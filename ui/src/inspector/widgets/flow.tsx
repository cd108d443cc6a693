/** Which flow is called or watched: chosen by its name, kept in the file as a slot that every computer fills for itself. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { engine } from '../../bridge/index.ts';
import { fillSlot, slotName } from '../../document/slots.ts';
import { documentNow, openFlow } from '../../document/store.ts';
import { Select } from '../../kit/controls.tsx';
import { useLoad } from '../../kit/load.tsx';
import { textOf, type WidgetProps } from './types.ts';

/** Radix keeps the empty value for "nothing chosen yet". */
const EVERY = '-';

export function FlowWidget({ field, value, onChange }: WidgetProps) {
  const { t } = useTranslation();
  const [refusal, setRefusal] = useState<string>();
  const own = useStore(openFlow, (state) => state.id);
  const slot = textOf(value);
  const filled = useStore(openFlow, (state) => state.slots.find((it) => it.name === slot)?.filled);
  const flows = useLoad(() => engine().call('flows.list', {}), '');
  const others = (flows.value?.flows ?? []).filter((it) => it.id !== own);
  const chosen = others.find((it) => it.id === filled);
  const choose = async (id: string) => {
    setRefusal(undefined);
    if (id === EVERY) return onChange(undefined);
    const { slots = {} } = documentNow();
    const name = others.find((it) => it.id === id)?.name ?? '';
    const target = slot && slots[slot] ? slot : slotName(name, slots, 'flow');
    onChange(target, { ...slots, [target]: { ...slots[target], flow: name } });
    setRefusal(await fillSlot(target, id));
  };
  const every = field.isRequired ? [] : [{ value: EVERY, label: t('inspector.every_flow') }];
  return (
    <div className="stack">
      <div className="row">
        <Select
          label={field.label}
          value={chosen?.id ?? (slot || field.isRequired ? '' : EVERY)}
          placeholder={t('slot.choose_flow')}
          options={[...every, ...others.map((it) => ({ value: it.id, label: it.name }))]}
          onChange={(id) => void choose(id)}
        />
        {chosen ? (
          <a className="button" data-look="quiet" href={`#/flow/${chosen.id}`}>
            {t('flows.open')}
          </a>
        ) : null}
      </div>
      {refusal ? <div className="field-bad">{refusal}</div> : null}
    </div>
  );
}
