/** Opening a flow from someone: what it would touch, each allowed or not, and what its slots are filled with. Nothing runs before that. */
import { Upload } from 'lucide-react';
import { type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Authority, engine, type FlowImported, type SlotState } from '../bridge/index.ts';
import { Button, Field, Select, Switch } from '../kit/controls.tsx';
import { useLoad } from '../kit/load.tsx';
import { Dialog } from '../kit/surfaces.tsx';
import { attempt } from './events.ts';
import { go } from './route.ts';

export function ImportButton({ choice }: { choice?: ReactNode }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [imported, setImported] = useState<FlowImported>();
  const read = async (file: File | undefined) => {
    if (!file) return;
    const text = await file.text();
    setImported(await attempt(() => engine().call('flow.import', { text }), t('app.engine_gone')));
  };
  const pick = () => input.current?.click();
  return (
    <>
      <input
        ref={input}
        type="file"
        accept=".json"
        hidden
        onChange={(event) => {
          void read(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
      {choice ? (
        <button type="button" className="choice" onClick={pick}>
          {choice}
        </button>
      ) : (
        <Button onClick={pick}>
          <Upload /> {t('flows.import')}
        </Button>
      )}
      {imported ? (
        <TrustSheet
          flow={imported.flow}
          name={imported.name}
          start={imported}
          onClose={() => setImported(undefined)}
          onDone={() => go('flow', imported.flow)}
        />
      ) : null}
    </>
  );
}

interface TrustProps {
  flow: string;
  name: string;
  start: { authority: Authority[]; slots: SlotState[] };
  onClose: () => void;
  onDone: () => void;
}

export function TrustSheet({ flow, name, start, onClose, onDone }: TrustProps) {
  const { t } = useTranslation();
  const gone = t('app.engine_gone');
  const [authority, setAuthority] = useState(start.authority);
  const [slots, setSlots] = useState(start.slots);
  const grant = async (it: Authority, granted: boolean) => {
    const answer = await attempt(
      () => engine().call('grants.set', { flow, node: it.node, resource: it.resource, granted }),
      gone,
    );
    if (answer) setAuthority(answer.authority);
  };
  const fill = async (slot: SlotState, value: string | number | boolean) => {
    const answer = await attempt(() => engine().call('slots.fill', { flow, slot: slot.name, value }), gone);
    if (answer) setSlots(answer.slots);
    const grants = await attempt(() => engine().call('grants.list', { flow }), gone);
    if (grants) setAuthority(grants.authority);
  };
  const foot = (
    <>
      <Button onClick={onClose}>{t('common.later')}</Button>
      <Button
        look="main"
        onClick={() => {
          onClose();
          onDone();
        }}
      >
        {t('trust.open')}
      </Button>
    </>
  );
  return (
    <Dialog
      title={t('trust.title', { name })}
      closeLabel={t('common.close')}
      onClose={onClose}
      foot={foot}
      size="wide"
    >
      <p className="muted">{t('trust.words')}</p>
      {slots.length ? <h3 className="sheet-head">{t('trust.slots')}</h3> : null}
      {slots.map((slot) => (
        <SlotField key={slot.name} slot={slot} onFill={(value) => void fill(slot, value)} />
      ))}
      <h3 className="sheet-head">{t('trust.touches')}</h3>
      {authority.length ? (
        <ul className="grants">
          {authority.map((it) => (
            <li key={`${it.node}${JSON.stringify(it.resource)}`}>
              <span>
                {it.sentence} <span className="faint">{it.node}</span>
              </span>
              <Switch
                on={it.granted}
                label={`${t('trust.allow')}: ${it.sentence}`}
                onChange={(granted) => void grant(it, granted)}
              />
            </li>
          ))}
        </ul>
      ) : (
        <p>{t('trust.nothing')}</p>
      )}
    </Dialog>
  );
}

function SlotField({
  slot,
  onFill,
}: {
  slot: SlotState;
  onFill: (value: string | number | boolean) => void;
}) {
  const { t } = useTranslation();
  const connections = useLoad(() => engine().call('connections.list', {}), '');
  const [typed, setTyped] = useState(String(slot.filled ?? slot.default ?? ''));
  const save = () => typed && onFill(slot.type === 'number' ? Number(typed) : typed);
  const help = slot.used_by.length ? t('trust.used_by', { nodes: slot.used_by.join(', ') }) : undefined;
  return (
    <Field
      label={slot.name}
      help={help}
      aside={
        <span className="faint">
          {t(`slot.${slot.type}`, { defaultValue: slot.type })}{' '}
          {slot.detail && t(`slot.${slot.detail}`, { defaultValue: slot.detail })}
        </span>
      }
    >
      {slot.type === 'connection' ? (
        <Select
          label={slot.name}
          placeholder={t('inspector.choose_connection')}
          value={typeof slot.filled === 'string' ? slot.filled : ''}
          options={(connections.value?.connections ?? [])
            .filter((it) => !slot.detail || it.kind === slot.detail)
            .map((it) => ({ value: it.name, label: it.name }))}
          onChange={onFill}
        />
      ) : slot.type === 'bool' || slot.type === 'boolean' ? (
        <Switch label={slot.name} on={(slot.filled ?? slot.default) === true} onChange={onFill} />
      ) : (
        <input
          className="input"
          aria-label={slot.name}
          type={slot.type === 'secret' ? 'password' : slot.type === 'number' ? 'number' : 'text'}
          placeholder={slot.type === 'folder' ? t('trust.folder_hint') : ''}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={save}
          onKeyDown={(event) => event.key === 'Enter' && save()}
        />
      )}
    </Field>
  );
}
