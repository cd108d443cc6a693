/** The whole flow in small, with what is seen of it: one drawing, however many cards there are. */
import { Panel, useStore as useCanvas, useReactFlow } from '@xyflow/react';
import { memo, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { CARD_HEIGHT, CARD_WIDTH } from '../document/arrange.ts';
import type { Point } from '../document/flow.ts';
import { openFlow } from '../document/store.ts';
import { type Box, boundsOf } from './view.ts';

const WIDTH = 148;
const HEIGHT = 92;
/** Room around the flow, as a share of its size. */
const ROOM = 0.05;

const cardAt = ([x, y]: Point) => `M${x} ${y}h${CARD_WIDTH}v${CARD_HEIGHT}h-${CARD_WIDTH}z`;

/** What holds both areas, widened to the shape of the map. */
function around(flow: Box | undefined, seen: Box): Box {
  const both = flow ? [flow, seen] : [seen];
  const left = Math.min(...both.map((it) => it.left));
  const top = Math.min(...both.map((it) => it.top));
  const width = Math.max(...both.map((it) => it.left + it.width)) - left;
  const height = Math.max(...both.map((it) => it.top + it.height)) - top;
  const scale = Math.max(width / WIDTH, height / HEIGHT) * (1 + 2 * ROOM);
  return {
    left: left + (width - WIDTH * scale) / 2,
    top: top + (height - HEIGHT * scale) / 2,
    width: WIDTH * scale,
    height: HEIGHT * scale,
  };
}

const rectangle = (it: Box) => `M${it.left} ${it.top}h${it.width}v${it.height}h${-it.width}z`;

function Drawn() {
  const { t } = useTranslation();
  const flow = useReactFlow();
  const doc = useStore(openFlow, (state) => state.history.doc);
  const selected = useStore(openFlow, (state) => state.selected);
  const [x, y, zoom] = useCanvas((state) => state.transform);
  const width = useCanvas((state) => state.width);
  const height = useCanvas((state) => state.height);
  // chosen cards are drawn where they are dragged to, all others where they lie
  const chosen = useCanvas((state) =>
    selected
      .map((id) => state.nodeLookup.get(id)?.position)
      .map((at) => (at ? cardAt([Math.round(at.x), Math.round(at.y)]) : ''))
      .join(''),
  );
  const cards = useMemo(() => {
    const isChosen = new Set(selected);
    return Object.keys(doc.nodes)
      .map((id) => (isChosen.has(id) ? '' : cardAt(doc.layout[id] ?? [0, 0])))
      .join('');
  }, [doc, selected]);
  const bounds = useMemo(() => boundsOf(doc), [doc]);
  if (!width || !height) return null;
  const seen: Box = { left: -x / zoom, top: -y / zoom, width: width / zoom, height: height / zoom };
  const map = around(bounds, seen);
  const look = (event: React.PointerEvent<SVGSVGElement>) => {
    const area = event.currentTarget.getBoundingClientRect();
    void flow.setCenter(
      map.left + ((event.clientX - area.left) / area.width) * map.width,
      map.top + ((event.clientY - area.top) / area.height) * map.height,
      { zoom },
    );
  };
  return (
    <Panel position="bottom-right" className="minimap">
      <svg
        role="img"
        aria-label={t('canvas.minimap')}
        width={WIDTH}
        height={HEIGHT}
        viewBox={`${map.left} ${map.top} ${map.width} ${map.height}`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          look(event);
        }}
        onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && look(event)}
        onWheel={(event) => void (event.deltaY < 0 ? flow.zoomIn() : flow.zoomOut())}
      >
        <path className="minimap-cards" d={cards} />
        <path className="minimap-chosen" d={chosen} />
        <path className="minimap-mask" fillRule="evenodd" d={`${rectangle(map)}${rectangle(seen)}`} />
      </svg>
    </Panel>
  );
}

export const SmallMap = memo(Drawn);
