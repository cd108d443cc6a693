/** Two versions of a flow as one drawing: cards and wires that came, went or changed stand out by a sign and by colour. */
import { useTranslation } from 'react-i18next';
import { boundsOf } from '../canvas/view.ts';
import { CARD_HEIGHT, CARD_WIDTH } from '../document/arrange.ts';
import { differences, type Naming, united, wireDifferences } from '../document/differences.ts';
import { endOf, type FlowDoc } from '../document/flow.ts';

const SIGNS = { added: '+', removed: '−', changed: '≠' } as const;
const EDGE = 24;

interface VersionCanvasProps {
  before: FlowDoc;
  after: FlowDoc;
  name: Naming;
}

export function VersionCanvas({ before, after, name }: VersionCanvasProps) {
  const { t } = useTranslation();
  const whole = united(before, after);
  const box = boundsOf(whole);
  if (!box) return null;
  const how = new Map(differences(before, after, name).map((it) => [it.id, it.how]));
  const at = (id: string) => whole.layout[id] ?? [0, 0];
  return (
    <svg
      className="version-canvas"
      role="img"
      aria-label={t('editor.versions_drawn')}
      viewBox={`${box.left - EDGE} ${box.top - EDGE} ${box.width + 2 * EDGE} ${box.height + 2 * EDGE}`}
    >
      {wireDifferences(before, after).map(({ wire, how: changed }) => {
        const [x1, y1] = at(endOf(wire[0]).node);
        const [x2, y2] = at(endOf(wire[1]).node);
        const [from, to] = [x1 + CARD_WIDTH, y1 + CARD_HEIGHT / 2];
        const bend = Math.max(40, Math.abs(x2 - from) / 2);
        const end = y2 + CARD_HEIGHT / 2;
        return (
          <path
            key={`${wire.join('>')} ${changed ?? ''}`}
            data-how={changed}
            d={`M${from},${to} C${from + bend},${to} ${x2 - bend},${end} ${x2},${end}`}
          />
        );
      })}
      {Object.entries(whole.nodes).map(([id, node]) => {
        const [x, y] = at(id);
        const changed = how.get(id);
        return (
          <g key={id} data-how={changed}>
            <rect x={x} y={y} width={CARD_WIDTH} height={CARD_HEIGHT} rx={10} />
            <foreignObject x={x} y={y} width={CARD_WIDTH} height={CARD_HEIGHT}>
              <div className="version-card" dir="auto">
                {changed ? <b>{SIGNS[changed]}</b> : null}
                <span>{name(id, node)}</span>
              </div>
            </foreignObject>
          </g>
        );
      })}
    </svg>
  );
}
