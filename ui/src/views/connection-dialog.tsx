/** Makes or changes a connection. Secrets are written, never shown. */
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type ConnectionRow, engine, type Json } from '../bridge/index.ts';
import { Button, Field, NumberInput, Select } from '../kit/controls.tsx';
import { Dialog, say } from '../kit/surfaces.tsx';
import { attempt } from './events.ts';

/** The systems that connections are for. */
export const SYSTEMS = ['http', 'postgres', 'sqlite', 'rabbitmq'];
/** What each kind asks for: plain settings, then secrets. */
const ASKS: Record<string, { config: string[]; secrets: string[] }> = {
  http: { config: ['address'], secrets: ['token'] },
  postgres: { config: ['address', 'user'], secrets: ['password'] },
  sqlite: { config: ['path'], secrets: [] },
  rabbitmq: { config: ['address', 'user'], secrets: ['password'] },
};

export const glyphFor = (kind: string): string =>
  kind === 'http' ? 'http.request' : kind === 'rabbitmq' ? 'rabbitmq.publish' : 'sql.query';

interface ConnectionDialogProps {
  start?: ConnectionRow;
  kind?: string;
  onClose: () => void;
  onSaved: (name: string) => void;
}

export function ConnectionDialog({ start, kind: wanted, onClose, onSaved }: ConnectionDialogProps) {
  const { t } = useTranslation();
  const gone = t('app.engine_gone');
  const first =
    typeof start?.config === 'object' && start.config !== null && !Array.isArray(start.config)
      ? start.config
      : {};
  const [name, setName] = useState(start?.name ?? '');
  const [kind, setKind] = useState(start?.kind ?? wanted ?? 'http');
  const [config, setConfig] = useState<{ [field: string]: Json }>(first);
  const [secrets, setSecrets] = useState<Record<string, string>>({});
  const asks = ASKS[kind] ?? { config: ['address'], secrets: [] };
  const save = async () => {
    const saved = await attempt(
      () => engine().call('connections.save', { name, kind, config, secrets }),
      gone,
    );
    if (!saved) return false;
    return true;
  };
  const saveAndTest = async () => {
    if (!(await save())) return;
    const answer = await attempt(() => engine().call('connections.test', { name }), gone);
    if (answer) say(`${name}: ${answer.sentence}`, answer.ok ? 'plain' : 'bad');
    if (answer?.ok) onSaved(name);
  };
  const foot = (
    <>
      <Button onClick={() => void saveAndTest()} disabled={!name}>
        {t('connections.save_test')}
      </Button>
      <Button look="main" disabled={!name} onClick={() => void save().then((done) => done && onSaved(name))}>
        {t('common.save')}
      </Button>
    </>
  );
  return (
    <Dialog
      title={start ? start.name : t('connections.new')}
      closeLabel={t('common.close')}
      onClose={onClose}
      foot={foot}
    >
      <Field label={t('connections.kind')}>
        <Select
          label={t('connections.kind')}
          value={kind}
          options={SYSTEMS.map((value) => ({ value, label: t(`system.${value}`) }))}
          onChange={setKind}
        />
      </Field>
      <Field label={t('connections.name')} help={t('connections.name_help')}>
        <input
          className="input"
          aria-label={t('connections.name')}
          value={name}
          disabled={Boolean(start)}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      {asks.config.map((field) => (
        <Field key={field} label={t(`connections.${field}`)}>
          <input
            className="input"
            aria-label={t(`connections.${field}`)}
            value={typeof config[field] === 'string' ? config[field] : ''}
            onChange={(event) => setConfig({ ...config, [field]: event.target.value })}
          />
        </Field>
      ))}
      {asks.secrets.map((field) => (
        <Field
          key={field}
          label={t(`connections.${field}`)}
          help={start?.secrets.includes(field) ? t('connections.secret_kept') : t('connections.secret_help')}
        >
          <input
            className="input"
            type="password"
            autoComplete="new-password"
            aria-label={t(`connections.${field}`)}
            value={secrets[field] ?? ''}
            placeholder={start?.secrets.includes(field) ? '••••••••' : ''}
            onChange={(event) => setSecrets({ ...secrets, [field]: event.target.value })}
          />
        </Field>
      ))}
      <RateField
        rate={typeof config.rate === 'string' ? config.rate : ''}
        onChange={(rate) => setConfig({ ...config, rate })}
      />
    </Dialog>
  );
}

const SPANS = ['s', 'min', 'h'] as const;
const MOST_CALLS = 100_000;

/** How often the system may be called: so many calls in a span, none where nothing is said. */
function RateField({ rate, onChange }: { rate: string; onChange: (rate: string | null) => void }) {
  const { t } = useTranslation();
  const [, calls = '', said = 's'] = /^\s*(\d+)\s*\/\s*(\w+)/.exec(rate) ?? [];
  const named = SPANS.find((it) => said.startsWith(it)) ?? 's';
  const [span, setSpan] = useState<string>(named);
  const set = (count: number | undefined, in_span: string) =>
    onChange(count === undefined ? null : `${count}/${in_span}`);
  return (
    <Field label={t('connections.rate')} help={t('connections.rate_help')}>
      <div className="row">
        <NumberInput
          label={t('connections.rate')}
          min={1}
          max={MOST_CALLS}
          placeholder="–"
          value={calls ? Number(calls) : undefined}
          onChange={(count) => set(count, span)}
        />
        <Select
          label={t('connections.rate_span')}
          value={span}
          options={SPANS.map((value) => ({ value, label: t(`connections.per_${value}`) }))}
          onChange={(next) => {
            setSpan(next);
            if (calls) set(Number(calls), next);
          }}
        />
      </div>
    </Field>
  );
}
