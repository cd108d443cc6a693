/** What is wrong with the flow, a line each, with a repair where one is known. */
import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Fix } from '../bridge/index.ts';
import { readFlow, writeFlow } from '../document/flow.ts';
import { change, documentNow, openFlow } from '../document/store.ts';
import { Button } from '../kit/controls.tsx';
import { State } from '../kit/surfaces.tsx';

const icons = {
  error: <CircleAlert className="bad" />,
  warning: <TriangleAlert className="warn" />,
  hint: <Info className="faint" />,
};

/** Puts a value at a JSON pointer of the document; null takes away what is there. */
function mend(fix: Fix): void {
  const tree: unknown = JSON.parse(writeFlow(documentNow()));
  const parts = fix.pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = parts.pop();
  let at: unknown = tree;
  for (const part of parts) at = typeof at === 'object' && at !== null ? Reflect.get(at, part) : undefined;
  if (last === undefined || typeof at !== 'object' || at === null) return;
  if (Array.isArray(at) && fix.value === null) at.splice(Number(last), 1);
  else if (fix.value === null) Reflect.deleteProperty(at, last);
  else Reflect.set(at, last, fix.value);
  change({ type: 'flow.replace', doc: readFlow(JSON.stringify(tree)) });
}

export function ProblemList({ onReveal }: { onReveal: (node: string) => void }) {
  const { t } = useTranslation();
  const problems = useStore(openFlow, (state) => state.problems);
  const nodes = useStore(openFlow, (state) => state.history.doc.nodes);
  if (!problems.length) return <State icon={<CircleCheck />} title={t('drawer.no_problems')} />;
  return (
    <ul className="problems">
      {problems.map((problem) => (
        <li key={`${problem.node}${problem.pointer}${problem.code}${problem.sentence}`}>
          {icons[problem.severity]}
          <button
            type="button"
            className="list-link"
            disabled={!problem.node}
            onClick={() => problem.node && onReveal(problem.node)}
          >
            {problem.node ? nodes[problem.node]?.title || problem.node : t('drawer.flow')}
          </button>
          <span>{problem.sentence}</span>
          {problem.fix ? (
            <Button look="quiet" onClick={() => problem.fix && mend(problem.fix)}>
              {problem.fix.title}
            </Button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
