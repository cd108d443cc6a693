/** Which connection a node uses: the slot in the file, the connection that fills it, a test, and a new one. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { type ConnectionRow, engine } from '../bridge/index.ts';
import { fillSlot, type Slots, slotName } from '../document/slots.ts';
import { documentNow, openFlow } from '../document/store.ts';
import { Button, Field, Select } from '../kit/controls.tsx';

interface ConnectionFieldProps {
  slot: string | undefined;
  kind: string;
  connections: readonly ConnectionRow[];
  onSlot: (slot: string, slots: Slots) => void;
  onNew: () => void;
}

const tones = { good: 'ok', unknown: 'warn', poor: 'warn', open: 'bad' } as const;

export function ConnectionField({ slot, kind, connections, onSlot, onNew }: ConnectionFieldProps) {
  const { t } = useTranslation();
  const [refusal, setRefusal] = useState<string>();
  const [tested, setTested] = useState<{ ok: boolean; sentence: string }>();
  const filled = useStore(openFlow, (state) => state.slots.find((it) => it.name === slot)?.filled);
  const isDatabase = kind === 'postgres' || kind === 'sqlite';
  const fitting = connections.filter(
    (it) => it.kind === kind || (isDatabase && (it.kind === 'postgres' || it.kind === 'sqlite')),
  );
  const name = typeof filled === 'string' ? filled : (connections.find((it) => it.name === slot)?.name ?? '');
  const row = connections.find((it) => it.name === name);
  const choose = async (chosen: string) => {
    const connection = connections.find((it) => it.name === chosen);
    const { slots = {} } = documentNow();
    const target = slot ?? slotName(chosen, slots, kind);
    onSlot(target, { ...slots, [target]: { ...slots[target], connection: connection?.kind ?? kind } });
    setRefusal(await fillSlot(target, chosen));
  };
  const test = async () => setTested(await engine().call('connections.test', { name }));
  return (
    <Field
      label={t('inspector.connection')}
      bad={refusal ?? (tested && !tested.ok ? tested.sentence : undefined)}
      help={tested?.ok ? tested.sentence : undefined}
    >
      <div className="row">
        {row ? <span className="dot" data-tone={tones[row.health.state]} /> : null}
        <Select
          label={t('inspector.connection')}
          value={name}
          placeholder={t('inspector.choose_connection')}
          options={fitting.map((it) => ({ value: it.name, label: it.name }))}
          onChange={(it) => void choose(it)}
        />
        {name ? (
          <Button look="quiet" onClick={() => void test()}>
            {t('connections.test')}
          </Button>
        ) : null}
        <Button look="quiet" onClick={onNew}>
          {t('common.new')}
        </Button>
      </div>
    </Field>
  );
}
