/** Wires by keyboard: left and right choose the port the wire leaves from, up and down where it goes, Enter makes it. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { connect } from '../document/actions.ts';
import { canWire, type Kinds, portsOf } from '../document/select.ts';
import { documentNow, openFlow } from '../document/store.ts';

interface WiringProps {
  kinds: Kinds;
  from: string;
  onReveal: (id: string) => void;
  onClose: () => void;
}

export function KeyWiring({ kinds, from, onReveal, onClose }: WiringProps) {
  const { t } = useTranslation();
  const bar = useRef<HTMLDivElement>(null);
  const [choice, setChoice] = useState({ output: 0, target: 0 });
  const { outputs, targets } = useMemo(() => {
    const doc = documentNow();
    const { facts } = openFlow.getState();
    const node = doc.nodes[from];
    const [x, y] = doc.layout[from] ?? [0, 0];
    const far = (id: string) => Math.hypot((doc.layout[id]?.[0] ?? 0) - x, (doc.layout[id]?.[1] ?? 0) - y);
    const ends = Object.entries(doc.nodes)
      .filter(([id]) => canWire(doc, from, id))
      .sort(([a], [b]) => far(a) - far(b))
      .flatMap(([id, it]) =>
        portsOf(it, kinds, facts.get(id)).inputs.map((port) => ({
          id,
          port,
          title: it.title || kinds.get(it.kind)?.title || id,
        })),
      );
    return { outputs: node ? portsOf(node, kinds, facts.get(from)).outputs : [], targets: ends };
  }, [from, kinds]);
  useEffect(() => bar.current?.focus(), []);
  const output = outputs[choice.output];
  const target = targets[choice.target];
  const turn = (place: number, by: number, length: number) => (place + by + length) % Math.max(1, length);
  const onKeyDown = (event: React.KeyboardEvent) => {
    event.stopPropagation();
    event.preventDefault();
    if (event.key === 'ArrowRight' || event.key === 'ArrowLeft')
      setChoice({
        ...choice,
        output: turn(choice.output, event.key === 'ArrowRight' ? 1 : -1, outputs.length),
      });
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp')
      setChoice({
        ...choice,
        target: turn(choice.target, event.key === 'ArrowDown' ? 1 : -1, targets.length),
      });
    else if (event.key === 'Escape') onClose();
    else if (event.key === 'Enter' && output && target) {
      connect(kinds, [from, output], [target.id, target.port]);
      onReveal(target.id);
      onClose();
    }
  };
  return (
    <div
      ref={bar}
      className="wiring nokey"
      role="dialog"
      aria-label={t('canvas.wiring')}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      onBlur={onClose}
    >
      <span aria-live="polite">
        {output && target
          ? t('canvas.wire_to', {
              output: t(`portname.${output}`, { defaultValue: output.replaceAll('_', ' ') }),
              target: target.title,
              input: t(`portname.${target.port}`, { defaultValue: target.port }),
            })
          : t('canvas.wire_none')}
      </span>
      <span className="faint">
        <kbd>←</kbd> <kbd>→</kbd> {t('canvas.choose_port')} · <kbd>↑</kbd> <kbd>↓</kbd>{' '}
        {t('canvas.choose_target')} · <kbd>Enter</kbd>
      </span>
    </div>
  );
}
