/** What a flow would touch, each allowed or not, and what its slots are filled with. Nothing runs before that. */
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Authority, engine, Refused, type Resource, type SlotState } from '../bridge/index.ts';
import { PathPicker } from '../inspector/path-picker.tsx';
import { Button, Field, Select, Switch } from '../kit/controls.tsx';
import { useLoad } from '../kit/load.tsx';
import { Dialog } from '../kit/surfaces.tsx';
import { attempt } from './events.ts';

interface TrustProps {
  flow: string;
  name: string;
  start: { authority: Authority[]; slots: SlotState[] };
  /** What the button at the end does, when it is not opening the canvas. */
  doneLabel?: string;
  onClose: () => void;
  onDone: () => void;
}

type Value = string | number | boolean;

export function TrustSheet({ flow, name, start, doneLabel, onClose, onDone }: TrustProps) {
  const { t } = useTranslation();
  const gone = t('app.engine_gone');
  const [authority, setAuthority] = useState(start.authority);
  const [slots, setSlots] = useState(start.slots);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  // leaving a field and pressing the button are one gesture: the button waits for the field
  const filling = useRef<Promise<void>>(Promise.resolve());
  const grant = async (wanted: readonly Authority[], granted: boolean) => {
    for (const { node, resource } of wanted) {
      const answer = await attempt(
        () => engine().call('grants.set', { flow, node, resource, granted }),
        gone,
      );
      if (answer) setAuthority(answer.authority);
    }
  };
  const put = async (slot: SlotState, value: Value) => {
    try {
      const answer = await engine().call('slots.fill', { flow, slot: slot.name, value });
      setSlots(answer.slots);
      setWrong(({ [slot.name]: _mended, ...rest }) => rest);
      setAuthority((await engine().call('grants.list', { flow })).authority);
    } catch (error) {
      const sentence = error instanceof Refused ? error.message : gone;
      setWrong((now) => ({ ...now, [slot.name]: sentence }));
    }
  };
  const fill = (slot: SlotState, value: Value) => {
    filling.current = filling.current.then(() => put(slot, value));
  };
  const denied = authority.filter((it) => !it.granted && it.resource.type !== 'unknown');
  const foot = (
    <>
      {denied.length > 1 ? (
        <Button look="quiet" onClick={() => void grant(denied, true)}>
          {t('trust.allow_all')}
        </Button>
      ) : null}
      <span className="spacer" />
      <Button onClick={onClose}>{t('common.later')}</Button>
      <Button
        look="main"
        onClick={() =>
          void filling.current.then(() => {
            onClose();
            onDone();
          })
        }
      >
        {doneLabel ?? t('trust.open')}
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
        <SlotField key={slot.name} slot={slot} bad={wrong[slot.name]} onFill={(value) => fill(slot, value)} />
      ))}
      <h3 className="sheet-head">{t('trust.touches')}</h3>
      {authority.length ? (
        <ul className="grants">
          {authority.map((it) => {
            const words = touchWords(it.resource);
            const sentence = t(words.key, words.values);
            return (
              <li key={`${it.node}${JSON.stringify(it.resource)}`}>
                <span>
                  <bdi>{sentence}</bdi> <span className="faint">{it.title}</span>
                </span>
                {it.resource.type === 'unknown' ? null : (
                  <Switch
                    on={it.granted}
                    label={`${t('trust.allow')}: ${it.title}, ${sentence}`}
                    onChange={(granted) => void grant([it], granted)}
                  />
                )}
              </li>
            );
          })}
        </ul>
      ) : (
        <p>{t('trust.nothing')}</p>
      )}
    </Dialog>
  );
}

/** The sentence about one thing a flow would touch, as a key and what stands in it. */
function touchWords(resource: Resource): { key: string; values: Record<string, string> } {
  switch (resource.type) {
    case 'host':
      return { key: resource.host ? 'touch.host' : 'touch.any_host', values: { host: resource.host } };
    case 'folder':
      return {
        key: `touch.${resource.path ? '' : 'any_'}folder_${resource.writes ? 'write' : 'read'}`,
        values: { path: resource.path },
      };
    case 'folder_slot':
      return { key: `touch.slot_${resource.writes ? 'write' : 'read'}`, values: { slot: resource.slot } };
    case 'connection':
      return { key: 'touch.connection', values: { slot: resource.slot, system: resource.system } };
    case 'hook':
      return { key: 'touch.hook', values: { path: resource.path } };
    case 'schedule':
      return { key: 'touch.schedule', values: { cron: resource.cron, zone: resource.zone } };
    case 'unknown':
      return { key: 'touch.unknown', values: { kind: resource.kind } };
    default:
      return { key: `touch.${resource.type}`, values: { slot: resource.slot } };
  }
}

interface SlotProps {
  slot: SlotState;
  bad: string | undefined;
  onFill: (value: Value) => void;
}

function SlotField({ slot, bad, onFill }: SlotProps) {
  const { t } = useTranslation();
  const connections = useLoad(() => engine().call('connections.list', {}), '');
  const [typed, setTyped] = useState(String(slot.filled ?? slot.default ?? ''));
  const save = () => typed && typed !== slot.filled && onFill(slot.type === 'number' ? Number(typed) : typed);
  const users = slot.used_by.length ? t('trust.used_by', { nodes: slot.used_by.join(', ') }) : '';
  const help = [slot.help, users].filter(Boolean).join(' ') || undefined;
  return (
    <Field
      label={slot.name}
      help={help}
      bad={bad}
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
      ) : slot.type === 'boolean' ? (
        <Switch label={slot.name} on={(slot.filled ?? slot.default) === true} onChange={onFill} />
      ) : (
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
      )}
    </Field>
  );
}
