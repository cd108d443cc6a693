/** A wire with the count of the run that is shown. */
import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from '@xyflow/react';
import { TriangleAlert } from 'lucide-react';
import { memo } from 'react';
import { useStore } from 'zustand';
import { live } from '../document/live.ts';
import { formatNumber } from '../kit/i18n.ts';
import type { WireEdge } from './shape.ts';

/** How far along a wire its count stands that begins at a port with a name. */
const ASIDE = 0.85;

function Drawn({
  sourceX,
  sourceY,
  targetX,
  targetY,
  sourcePosition,
  targetPosition,
  data,
  selected,
}: EdgeProps<WireEdge>) {
  const count = useStore(live, (state) => (data ? state.counts.wires[data.key] : undefined));
  const isLossy = useStore(live, (state) => (data ? state.losses.has(data.key) : false));
  const [path, middleX, middleY] = getBezierPath({
    sourceX,
    sourceY,
    targetX,
    targetY,
    sourcePosition,
    targetPosition,
  });
  // beside a port with its name the count goes on to where the name has ended
  const isAside = data?.isNamed && targetX > sourceX;
  const x = isAside ? sourceX + (targetX - sourceX) * (1.5 * ASIDE * (1 - ASIDE) + ASIDE ** 3) : middleX;
  const y = isAside ? sourceY + (targetY - sourceY) * (3 * ASIDE ** 2 - 2 * ASIDE ** 3) : middleY;
  return (
    <>
      <BaseEdge
        path={path}
        className="wire"
        data-on={count ? true : undefined}
        data-error={data?.isError || undefined}
        data-lost={isLossy || undefined}
        data-selected={selected || undefined}
        interactionWidth={16}
      />
      {count === undefined ? null : (
        <EdgeLabelRenderer>
          <span
            className="wire-count"
            data-lost={isLossy || undefined}
            data-aside={isAside || undefined}
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            {isLossy ? <TriangleAlert aria-hidden="true" /> : null}
            {formatNumber(count)}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

export const WireLine = memo(Drawn);
