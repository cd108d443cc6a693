/** A name of a field: typed, or picked from those that really arrive, each with its type and a sample. */
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { plain, sample } from '../document/sample.ts';
import { formatCell } from '../kit/i18n.ts';

interface FieldPickerProps {
  label: string;
  value: string;
  /** Each key that is typed. */
  onType: (name: string) => void;
  /** A name that is finished: picked, confirmed with Enter, or left. */
  onPick: (name: string) => void;
  placeholder?: string;
  className?: string;
  /** Names that are taken and not offered again. */
  without?: readonly string[];
  onFocus?: () => void;
}

const near = (name: string): string => name.toLowerCase();

export function FieldPicker(props: FieldPickerProps) {
  const { label, value, onType, onPick, placeholder, className, without = [], onFocus } = props;
  const { t } = useTranslation();
  const known = useStore(sample, (state) => state.fields);
  const [isOpen, setOpen] = useState(false);
  const [isTyped, setTyped] = useState(false);
  const [place, setPlace] = useState(-1);
  const list = useId();
  const options = known.filter(
    (it) => !without.includes(it.name) && (!isTyped || near(it.name).includes(near(value.trim()))),
  );
  const chosen = isOpen ? options[place] : undefined;
  const close = () => {
    setOpen(false);
    setTyped(false);
    setPlace(-1);
  };
  const pick = (name: string) => {
    close();
    onPick(name);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step) {
      setOpen(true);
      setPlace((now) => Math.min(options.length - 1, Math.max(0, now + step)));
    } else if (event.key === 'Enter') pick(chosen?.name ?? value.trim());
    else if (event.key === 'Escape' && isOpen) close();
    else return;
    event.preventDefault();
  };
  return (
    <div className="field-picker">
      <input
        className={className}
        role="combobox"
        aria-label={label}
        aria-expanded={isOpen && options.length > 0}
        aria-controls={list}
        aria-activedescendant={chosen ? `${list}-${place}` : undefined}
        autoComplete="off"
        dir="auto"
        value={value}
        placeholder={placeholder}
        onFocus={() => {
          setOpen(true);
          onFocus?.();
        }}
        onClick={() => setOpen(true)}
        onChange={(event) => {
          setOpen(true);
          setTyped(true);
          setPlace(-1);
          onType(event.target.value);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => {
          close();
          onPick(value.trim());
        }}
      />
      {isOpen && options.length ? (
        <div className="popup field-list" role="listbox" id={list} aria-label={t('inspector.fields_here')}>
          {options.map((it, index) => (
            <div
              key={it.name}
              id={`${list}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === place}
              className="popup-item field-option"
              data-highlighted={index === place || undefined}
              onPointerDown={(event) => {
                // the field keeps the focus: to leave it would take what is half typed
                event.preventDefault();
                pick(it.name);
              }}
            >
              <span dir="auto">{it.name}</span>
              <span className="type">
                {it.type ? t(`type.${it.type.replaceAll(' ', '_')}`, { defaultValue: it.type }) : ''}
              </span>
              <span className="faint ellipsis" dir="auto">
                {formatCell(plain(it.sample))}
              </span>
            </div>
          ))}
        </div>
      ) : null}
    </div>
  );
}
