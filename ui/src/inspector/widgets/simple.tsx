/** Widgets that are one control: text, number, yes or no, choice, secret. */
import { KeyRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { openFlow } from '../../document/store.ts';
import { NumberInput, Pill, Select, Switch } from '../../kit/controls.tsx';
import { UTC, ZoneSelect, zoneName } from '../../kit/zone.tsx';
import { textOf, type WidgetProps } from './types.ts';

export function TextWidget({ field, value, onChange }: WidgetProps) {
  return (
    <input
      className="input"
      aria-label={field.label}
      value={textOf(value)}
      placeholder={textOf(field.fallback)}
      onChange={(event) => onChange(event.target.value || undefined)}
    />
  );
}

export function NumberWidget({ field, value, onChange }: WidgetProps) {
  const { minimum, maximum } = field.schema;
  return (
    <NumberInput
      label={field.label}
      isFraction={field.schema.type !== 'integer'}
      value={typeof value === 'number' ? value : undefined}
      placeholder={textOf(field.fallback)}
      min={typeof minimum === 'number' ? minimum : undefined}
      max={typeof maximum === 'number' ? maximum : undefined}
      onChange={onChange}
    />
  );
}

export function ToggleWidget({ field, value, onChange }: WidgetProps) {
  return <Switch on={(value ?? field.fallback) === true} onChange={onChange} label={field.label} />;
}

export function SelectWidget({ field, value, onChange }: WidgetProps) {
  const now = textOf(value) || textOf(field.fallback);
  const { t } = useTranslation();
  const options = field.options.map((option) => ({
    value: option.value,
    label: t(`choice.${option.value}`, { defaultValue: option.value.replaceAll('_', ' ') }),
  }));
  return (
    <Select
      label={field.label}
      value={now}
      placeholder={t('inspector.choose')}
      options={options}
      onChange={onChange}
    />
  );
}

/** The zone of one start; without it the flow's holds. */
export function ZoneWidget({ field, value, onChange }: WidgetProps) {
  const { t } = useTranslation();
  const flowZone = useStore(openFlow, (state) => state.history.doc.zone);
  return (
    <ZoneSelect
      label={field.label}
      value={textOf(value)}
      otherwise={t('zone.as_flow', { zone: zoneName(flowZone ?? UTC) })}
      onChange={onChange}
    />
  );
}

/** A secret is never in a flow: the field names the slot it is kept under. */
export function SecretWidget({ field, value, onChange }: WidgetProps) {
  const { t } = useTranslation();
  return (
    <div className="stack">
      <input
        className="input"
        aria-label={field.label}
        value={textOf(value)}
        placeholder="{{ slots.secret }}"
        onChange={(event) => onChange(event.target.value || undefined)}
      />
      <Pill>
        <KeyRound size={12} /> {t('inspector.secret_hint')}
      </Pill>
    </div>
  );
}
