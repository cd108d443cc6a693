/** When it fails, and limits: how hard a node tries. */
import { useTranslation } from 'react-i18next';
import type { FlowNode, Policy } from '../document/flow.ts';
import { Field, NumberInput, Select } from '../kit/controls.tsx';

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
  // an emptied field means nothing yet: the least there is
  const every = ({ times = 1, every_s = 1 }: { times?: number; every_s?: number }) =>
    onChange({ ...node.policy, retry: { times, every_s } });
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
            <NumberInput
              label={t('policy.times')}
              min={1}
              max={100}
              value={retry.times}
              onChange={(times) => every({ ...retry, times })}
            />
          </Field>
          <Field label={t('policy.every_s')}>
            <NumberInput
              label={t('policy.every_s')}
              min={1}
              value={retry.every_s}
              onChange={(every_s) => every({ ...retry, every_s })}
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
  const set = (next: Partial<Policy>) => onChange(clean({ ...node.policy, ...next }));
  return (
    <>
      <Field label={t('policy.timeout')} help={t('policy.timeout_help')}>
        <NumberInput
          label={t('policy.timeout')}
          min={1}
          placeholder="30"
          value={node.policy?.timeout_s}
          onChange={(timeout_s) => set({ timeout_s })}
        />
      </Field>
      <Field label={t('policy.in_flight')} help={t('policy.in_flight_help')}>
        <NumberInput
          label={t('policy.in_flight')}
          min={1}
          max={64}
          placeholder="4"
          value={node.policy?.in_flight}
          onChange={(in_flight) => set({ in_flight })}
        />
      </Field>
    </>
  );
}
