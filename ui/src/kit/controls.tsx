/** The small controls: buttons, switches, pills, choices. */
import { Check, ChevronDown } from 'lucide-react';
import {
  Select as RadixSelect,
  Switch as RadixSwitch,
  Tabs as RadixTabs,
  ToggleGroup,
  Tooltip,
} from 'radix-ui';
import { type ButtonHTMLAttributes, type ReactNode, useState } from 'react';

export type Tone = 'plain' | 'ok' | 'bad' | 'warn' | 'accent';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'plain' | 'main' | 'quiet' | 'icon' | 'bad';
  /** What the button does, for a button without words; shown as a tip. */
  tip?: string;
}

export function Button({ look = 'plain', tip, ...rest }: ButtonProps) {
  const button = <button type="button" className="button" data-look={look} aria-label={tip} {...rest} />;
  if (!tip) return button;
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{button}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className="tooltip" sideOffset={6}>
          {tip}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

export function Switch({
  on,
  onChange,
  label,
  disabled,
}: {
  on: boolean;
  onChange: (on: boolean) => void;
  label: string;
  disabled?: boolean;
}) {
  return (
    <RadixSwitch.Root
      className="switch"
      checked={on}
      onCheckedChange={onChange}
      aria-label={label}
      disabled={disabled}
    >
      <RadixSwitch.Thumb />
    </RadixSwitch.Root>
  );
}

export function Pill({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className="pill" data-tone={tone}>
      {children}
    </span>
  );
}

interface NumberInputProps {
  label: string;
  value: number | undefined;
  /** A whole number within the bounds; none when the field is emptied. */
  onChange: (value: number | undefined) => void;
  min?: number;
  max?: number;
  placeholder?: string;
  /** Fractions are allowed. */
  isFraction?: boolean;
  /** Told once the field is left, not with each key: for what takes effect at once. */
  isLate?: boolean;
}

/** A number field that hands on only numbers within its bounds. */
export function NumberInput(props: NumberInputProps) {
  const { label, value, onChange, min, max, placeholder, isFraction, isLate } = props;
  const read = (text: string): number | undefined => {
    const typed = Number(text);
    if (!text.trim() || !Number.isFinite(typed)) return undefined;
    const whole = isFraction ? typed : Math.round(typed);
    return Math.min(max ?? whole, Math.max(min ?? whole, whole));
  };
  // what is being typed may lie outside the bounds for a moment: it stays in the field until that is left
  const [typed, setTyped] = useState<string>();
  return (
    <input
      className="input"
      type="number"
      inputMode={isFraction ? 'decimal' : 'numeric'}
      step={isFraction ? 'any' : undefined}
      min={min}
      max={max}
      aria-label={label}
      placeholder={placeholder}
      value={typed ?? (value === undefined ? '' : String(value))}
      onChange={(event) => {
        setTyped(event.target.value);
        if (!isLate) onChange(read(event.target.value));
      }}
      onBlur={() => {
        if (isLate && typed !== undefined) onChange(read(typed));
        setTyped(undefined);
      }}
    />
  );
}

export interface Option {
  value: string;
  label: string;
}

export function Select({
  value,
  options,
  onChange,
  label,
  placeholder,
}: {
  value: string;
  options: readonly Option[];
  onChange: (value: string) => void;
  label: string;
  placeholder?: string;
}) {
  return (
    <RadixSelect.Root value={value} onValueChange={onChange}>
      <RadixSelect.Trigger className="input select" aria-label={label}>
        <RadixSelect.Value placeholder={placeholder} />
        <RadixSelect.Icon asChild>
          <ChevronDown />
        </RadixSelect.Icon>
      </RadixSelect.Trigger>
      <RadixSelect.Portal>
        <RadixSelect.Content className="popup" position="popper" sideOffset={4}>
          <RadixSelect.Viewport>
            {options.map((option) => (
              <RadixSelect.Item key={option.value} value={option.value} className="popup-item">
                <RadixSelect.ItemText>{option.label}</RadixSelect.ItemText>
                <RadixSelect.ItemIndicator className="keys">
                  <Check />
                </RadixSelect.ItemIndicator>
              </RadixSelect.Item>
            ))}
          </RadixSelect.Viewport>
        </RadixSelect.Content>
      </RadixSelect.Portal>
    </RadixSelect.Root>
  );
}

export function Segments<T extends string>({
  value,
  options,
  onChange,
  label,
}: {
  value: T;
  options: readonly { value: T; label: string }[];
  onChange: (value: T) => void;
  label: string;
}) {
  const choose = (next: string) => {
    const option = options.find((it) => it.value === next);
    if (option) onChange(option.value);
  };
  return (
    <ToggleGroup.Root
      type="single"
      className="segments"
      value={value}
      onValueChange={choose}
      aria-label={label}
    >
      {options.map((option) => (
        <ToggleGroup.Item key={option.value} value={option.value} className="segment">
          {option.label}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}

export function Tabs({
  value,
  onChange,
  tabs,
  children,
}: {
  value: string;
  onChange: (value: string) => void;
  tabs: readonly Option[];
  children: ReactNode;
}) {
  return (
    <RadixTabs.Root value={value} onValueChange={onChange} className="tabs-root">
      <RadixTabs.List className="tabs">
        {tabs.map((tab) => (
          <RadixTabs.Trigger key={tab.value} value={tab.value} className="tab">
            {tab.label}
          </RadixTabs.Trigger>
        ))}
      </RadixTabs.List>
      <RadixTabs.Content value={value} className="tab-body">
        {children}
      </RadixTabs.Content>
    </RadixTabs.Root>
  );
}

export function Field({
  label,
  help,
  bad,
  aside,
  children,
}: {
  label: string;
  help?: string;
  bad?: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="field">
      <div className="field-label">
        <span>{label}</span>
        {aside}
      </div>
      {children}
      {bad ? (
        <div className="field-bad">{bad}</div>
      ) : help ? (
        <div className="field-help">
          <Marked text={help} />
        </div>
      ) : null}
    </div>
  );
}

/** A sentence in which what stands in backticks is code. */
export function Marked({ text }: { text: string }) {
  return text.split(/`([^`]+)`/).map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part));
}
