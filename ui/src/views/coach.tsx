/** Four steps for the first flow, while the canvas is empty or has not run; goes away by itself. */
import { Check } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { live } from '../document/live.ts';
import { openFlow } from '../document/store.ts';
import { Button } from '../kit/controls.tsx';

export function Coach({ onAdd }: { onAdd: () => void }) {
  const { t } = useTranslation();
  const [isAway, setAway] = useState(false);
  const nodes = useStore(openFlow, (state) => Object.keys(state.history.doc.nodes).length);
  const wires = useStore(openFlow, (state) => state.history.doc.wires.length);
  const errors = useStore(
    openFlow,
    (state) => state.problems.filter((problem) => problem.severity === 'error').length,
  );
  const hasRun = useStore(live, (state) => state.row !== undefined);
  const [startedEmpty] = useState(nodes === 0);
  if (!startedEmpty || isAway || hasRun) return null;
  const steps = [
    { key: 'add', isDone: nodes > 0 },
    { key: 'wire', isDone: wires > 0 },
    { key: 'fill', isDone: wires > 0 && errors === 0 },
    { key: 'run', isDone: false },
  ];
  return (
    <section className="coach" data-aside={nodes > 0 || undefined} aria-label={t('coach.title')}>
      <div className="row">
        <b className="spacer">{t('coach.title')}</b>
        <Button look="quiet" onClick={() => setAway(true)}>
          {t('coach.away')}
        </Button>
      </div>
      <ol>
        {steps.map((step) => (
          <li key={step.key} data-done={step.isDone || undefined}>
            <span className="coach-mark">{step.isDone ? <Check /> : null}</span>
            {t(`coach.${step.key}`)}
          </li>
        ))}
      </ol>
      {nodes === 0 ? (
        <Button look="main" onClick={onAdd}>
          {t('canvas.add')} <kbd>/</kbd>
        </Button>
      ) : null}
    </section>
  );
}
