/** A wire with the count of the run that is shown. */
import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from '@xyflow/react';
import { TriangleAlert } from 'lucide-react';
import { memo } from 'react';
import { useStore } from 'zustand';
import { live } from '../document/live.ts';
import { formatNumber } from '../kit/i18n.ts';
import type { WireEdge } from './shape.ts';

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
  const [path, x, y] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
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
