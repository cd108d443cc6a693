/** Time zones: their names, the one of this computer, and choosing one. */
import { Select } from './controls.tsx';

/** What a schedule is read in when nobody has said a zone. */
export const UTC = 'UTC';

/** `Asia/Almaty`, `America/New_York` as people read them. */
export const zoneName = (zone: string): string => zone.replaceAll('_', ' ');

export const zoneHere = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Radix keeps the empty value for "nothing chosen yet". */
const OTHERWISE = '-';

interface ZoneSelectProps {
  label: string;
  /** An IANA name; empty where the place leaves it open. */
  value: string;
  /** What holds when the place leaves it open. */
  otherwise: string;
  onChange: (zone: string | undefined) => void;
}

export function ZoneSelect({ label, value, otherwise, onChange }: ZoneSelectProps) {
  // a browser lists neither UTC nor the older names, which files may well have
  const names = new Set([UTC, ...(value ? [value] : []), ...Intl.supportedValuesOf('timeZone')]);
  const options = [...names].sort().map((zone) => ({ value: zone, label: zoneName(zone) }));
  return (
    <Select
      label={label}
      value={value || OTHERWISE}
      options={[{ value: OTHERWISE, label: otherwise }, ...options]}
      onChange={(zone) => onChange(zone === OTHERWISE ? undefined : zone)}
    />
  );
}
