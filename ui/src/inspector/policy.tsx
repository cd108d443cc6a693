/** When it fails, and limits: how hard a node tries. */
import { useTranslation } from 'react-i18next';
import type { FlowNode, Policy } from '../document/flow.ts';
import { Field, Select } from '../kit/controls.tsx';

interface PolicyProps {
  node: FlowNode;
  onChange: (policy: Policy | undefined) => void;
}

const clean = (policy: Policy): Policy | undefined => {
  const entries = Object.entries(policy).filter(([, value]) => value !== undefined);
  return entries.length ? Object.fromEntries(entries) : undefined;
};

export function FailTab({ node, onChange }: PolicyProps) {
  const { t } = useTranslation();
  const retry = node.policy?.retry;
  const named = typeof retry === 'object' ? 'every' : (retry ?? 'kind');
  const choose = (value: string) => {
    const next =
      value === 'kind'
        ? undefined
        : value === 'every'
          ? { times: 3, every_s: 60 }
          : value === 'never' || value === 'quick'
            ? value
            : 'patient';
    onChange(clean({ ...node.policy, retry: next }));
  };
  const count = (text: string) => Math.max(1, Math.round(Number(text)) || 1);
  return (
    <>
      <Field label={t('policy.retry')} help={t(`policy.help_${named}`)}>
        <Select
          label={t('policy.retry')}
          value={named}
          options={['kind', 'never', 'quick', 'patient', 'every'].map((value) => ({
            value,
            label: t(`policy.${value}`),
          }))}
          onChange={choose}
        />
      </Field>
      {typeof retry === 'object' ? (
        <div className="row">
          <Field label={t('policy.times')}>
            <input
              className="input"
              type="number"
              min={1}
              max={100}
              aria-label={t('policy.times')}
              value={retry.times}
              onChange={(event) =>
                onChange({ ...node.policy, retry: { ...retry, times: count(event.target.value) } })
              }
            />
          </Field>
          <Field label={t('policy.every_s')}>
            <input
              className="input"
              type="number"
              min={1}
              aria-label={t('policy.every_s')}
              value={retry.every_s}
              onChange={(event) =>
                onChange({ ...node.policy, retry: { ...retry, every_s: count(event.target.value) } })
              }
            />
          </Field>
        </div>
      ) : null}
      <p className="field-help">{t('policy.error_port')}</p>
    </>
  );
}

export function LimitsTab({ node, onChange }: PolicyProps) {
  const { t } = useTranslation();
  const set = (field: 'timeout_s' | 'in_flight', text: string) =>
    onChange(clean({ ...node.policy, [field]: text ? Math.max(1, Math.round(Number(text))) : undefined }));
  return (
    <>
      <Field label={t('policy.timeout')} help={t('policy.timeout_help')}>
        <input
          className="input"
          type="number"
          min={1}
          aria-label={t('policy.timeout')}
          placeholder="30"
          value={node.policy?.timeout_s ?? ''}
          onChange={(event) => set('timeout_s', event.target.value)}
        />
      </Field>
      <Field label={t('policy.in_flight')} help={t('policy.in_flight_help')}>
        <input
          className="input"
          type="number"
          min={1}
          max={64}
          aria-label={t('policy.in_flight')}
          placeholder="4"
          value={node.policy?.in_flight ?? ''}
          onChange={(event) => set('in_flight', event.target.value)}
        />
      </Field>
    </>
  );
}
