/** One slot of a flow and what it is filled with on this computer. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine, type SlotState } from '../bridge/index.ts';
import { PathPicker } from '../inspector/path-picker.tsx';
import { Field, Select, Switch } from '../kit/controls.tsx';
import { useLoad } from '../kit/load.tsx';

export type SlotValue = string | number | boolean;

interface SlotProps {
  flow: string;
  slot: SlotState;
  bad: string | undefined;
  onFill: (value: SlotValue) => void;
  /** The slot's name and help stand elsewhere. */
  label?: string;
}

export function SlotField({ flow, slot, bad, onFill, label }: SlotProps) {
  const { t } = useTranslation();
  const users = slot.used_by.length ? t('trust.used_by', { nodes: slot.used_by.join(', ') }) : '';
  const help = [slot.help, users].filter(Boolean).join(' ') || undefined;
  const kind = [slot.type, slot.detail].map((it) => it && t(`slot.${it}`, { defaultValue: it })).join(' ');
  return (
    <Field
      label={label ?? slot.name}
      help={label ? undefined : help}
      bad={bad}
      aside={label ? null : <span className="faint">{kind}</span>}
    >
      {slot.type === 'connection' || slot.type === 'flow' ? (
        <Choice flow={flow} slot={slot} onFill={onFill} />
      ) : slot.type === 'boolean' ? (
        <Switch label={slot.name} on={(slot.filled ?? slot.default) === true} onChange={onFill} />
      ) : (
        <Typed slot={slot} onFill={onFill} />
      )}
    </Field>
  );
}

type FillProps = Pick<SlotProps, 'slot' | 'onFill'>;

/** A connection or another flow, by its name. */
function Choice({ flow, slot, onFill }: FillProps & { flow: string }) {
  const { t } = useTranslation();
  const options = useLoad(async () => {
    if (slot.type === 'flow') {
      const { flows } = await engine().call('flows.list', {});
      return flows.filter((it) => it.id !== flow).map((it) => ({ value: it.id, label: it.name }));
    }
    const { connections } = await engine().call('connections.list', {});
    return connections
      .filter((it) => !slot.detail || it.kind === slot.detail)
      .map((it) => ({ value: it.name, label: it.name }));
  }, `${slot.type}/${slot.detail}`);
  return (
    <Select
      label={slot.name}
      placeholder={t(slot.type === 'flow' ? 'slot.choose_flow' : 'inspector.choose_connection')}
      value={typeof slot.filled === 'string' ? slot.filled : ''}
      options={options.value ?? []}
      onChange={onFill}
    />
  );
}

/** What is typed is taken when the field is left. */
function Typed({ slot, onFill }: FillProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(String(slot.filled ?? slot.default ?? ''));
  const save = () => typed && typed !== slot.filled && onFill(slot.type === 'number' ? Number(typed) : typed);
  return (
    <div className="row path-field">
      <input
        className="input spacer"
        aria-label={slot.name}
        type={slot.type === 'secret' ? 'password' : slot.type === 'number' ? 'number' : 'text'}
        placeholder={slot.type === 'folder' ? t('trust.folder_hint') : ''}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={save}
        onKeyDown={(event) => event.key === 'Enter' && save()}
      />
      {slot.type === 'folder' ? (
        <PathPicker
          wanted="folder"
          from={typed || undefined}
          onChoose={(path) => {
            setTyped(path);
            onFill(path);
          }}
        />
      ) : null}
    </div>
  );
}
