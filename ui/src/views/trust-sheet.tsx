/** What a flow would touch, each allowed or not, and what its slots are filled with. Nothing runs before that. */
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Authority, engine, Refused, type Resource, type SlotState } from '../bridge/index.ts';
import { openFlow } from '../document/store.ts';
import { Button, Switch } from '../kit/controls.tsx';
import { Dialog } from '../kit/surfaces.tsx';
import { attempt } from './events.ts';
import { SlotField, type SlotValue } from './slot-field.tsx';

interface TrustProps {
  flow: string;
  name: string;
  start: { authority: Authority[]; slots: SlotState[] };
  /** What the button at the end does, when it is not opening the canvas. */
  doneLabel?: string;
  onClose: () => void;
  onDone: () => void;
}

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
  const put = async (slot: SlotState, value: SlotValue) => {
    try {
      const answer = await engine().call('slots.fill', { flow, slot: slot.name, value });
      setSlots(answer.slots);
      if (openFlow.getState().id === flow) openFlow.setState({ slots: answer.slots });
      setWrong(({ [slot.name]: _mended, ...rest }) => rest);
      setAuthority((await engine().call('grants.list', { flow })).authority);
    } catch (error) {
      const sentence = error instanceof Refused ? error.message : gone;
      setWrong((now) => ({ ...now, [slot.name]: sentence }));
    }
  };
  const fill = (slot: SlotState, value: SlotValue) => {
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
        <SlotField
          key={slot.name}
          flow={flow}
          slot={slot}
          bad={wrong[slot.name]}
          onFill={(value) => fill(slot, value)}
        />
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
