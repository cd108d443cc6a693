/** What lies over or in place of content: dialogs, menus, messages, and the empty, waiting and broken states. */
import { X } from 'lucide-react';
import { DropdownMenu, Dialog as RadixDialog } from 'radix-ui';
import { type ReactNode, useSyncExternalStore } from 'react';
import { Button } from './controls.tsx';

interface DialogProps {
  title: string;
  closeLabel: string;
  onClose: () => void;
  children: ReactNode;
  foot?: ReactNode;
  size?: 'wide';
}

export function Dialog({ title, closeLabel, onClose, children, foot, size }: DialogProps) {
  return (
    <RadixDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className="overlay" />
        <RadixDialog.Content className="dialog" data-size={size} aria-describedby={undefined}>
          <div className="dialog-head">
            <RadixDialog.Title>{title}</RadixDialog.Title>
            <RadixDialog.Close asChild>
              <button type="button" className="button" data-look="icon" aria-label={closeLabel}>
                <X />
              </button>
            </RadixDialog.Close>
          </div>
          <div className="dialog-body">{children}</div>
          {foot ? <div className="dialog-foot">{foot}</div> : null}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

export type MenuEntry =
  | 'line'
  | { label: string; icon?: ReactNode; keys?: string; disabled?: boolean; onChoose: () => void };

export function Menu({ trigger, entries }: { trigger: ReactNode; entries: readonly MenuEntry[] }) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="popup" sideOffset={5} align="end">
          {entries.map((entry, index) =>
            entry === 'line' ? (
              <DropdownMenu.Separator key={index} className="popup-line" />
            ) : (
              <DropdownMenu.Item
                key={entry.label}
                className="popup-item"
                disabled={entry.disabled}
                onSelect={entry.onChoose}
              >
                {entry.icon}
                {entry.label}
                {entry.keys ? <span className="keys">{entry.keys}</span> : null}
              </DropdownMenu.Item>
            ),
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** A panel without content: nothing there yet, or why not, and what to do next. */
export function State({
  icon,
  title,
  children,
  action,
}: {
  icon: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="state" role="status">
      {icon}
      <h2>{title}</h2>
      {children ? <p>{children}</p> : null}
      {action}
    </div>
  );
}

/** A part of a screen that scrolls, reachable by keyboard. */
export function Scroll({
  label,
  className,
  children,
}: {
  label: string;
  className: string;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={className} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

export function Loading({ label }: { label: string }) {
  return (
    <div className="stack" role="status" aria-label={label} style={{ padding: 24, gap: 14 }}>
      {[72, 90, 64, 80].map((width) => (
        <div key={width} className="skeleton" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'bad';
  action?: { label: string; onChoose: () => void };
}
let toasts: readonly Toast[] = [];
let nextToast = 1;
const toastListeners = new Set<() => void>();
const setToasts = (next: readonly Toast[]) => {
  toasts = next;
  for (const listener of toastListeners) listener();
};
const TOAST_MS = 6000;

/** Says something that went by; bad news stays until it is closed. */
export function say(text: string, tone: 'plain' | 'bad' = 'plain', action?: Toast['action']): void {
  const id = nextToast++;
  setToasts([...toasts.filter((toast) => toast.text !== text).slice(-2), { id, text, tone, action }]);
  if (tone === 'plain') setTimeout(() => setToasts(toasts.filter((toast) => toast.id !== id)), TOAST_MS);
}

export function Toasts({ closeLabel }: { closeLabel: string }) {
  const shown = useSyncExternalStore(
    (listener) => {
      toastListeners.add(listener);
      return () => toastListeners.delete(listener);
    },
    () => toasts,
  );
  const close = (id: number) => setToasts(toasts.filter((toast) => toast.id !== id));
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((toast) => (
        <div key={toast.id} className="toast" data-tone={toast.tone}>
          <span>{toast.text}</span>
          {toast.action ? (
            <Button
              look="quiet"
              onClick={() => {
                toast.action?.onChoose();
                close(toast.id);
              }}
            >
              {toast.action.label}
            </Button>
          ) : null}
          <Button look="icon" aria-label={closeLabel} onClick={() => close(toast.id)}>
            <X />
          </Button>
        </div>
      ))}
    </div>
  );
}
