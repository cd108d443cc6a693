/** The keys of the canvas. */
import { copied, duplicate, paste, removeNodes, toggleDisabled } from '../document/actions.ts';
import type { NotAFlow, Point } from '../document/flow.ts';
import { change, documentNow, openFlow, select } from '../document/store.ts';

export interface CanvasKeys {
  openPalette: () => void;
  find: () => void;
  fit: () => void;
  startWire: (node: string) => void;
  help: () => void;
  openForm: () => void;
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

const nodeUnder = (target: EventTarget | null): string | undefined =>
  target instanceof Element ? target.closest<HTMLElement>('.react-flow__node-card')?.dataset.id : undefined;

const ARROWS: Record<string, Point> = {
  ArrowLeft: [-4, 0],
  ArrowRight: [4, 0],
  ArrowUp: [0, -4],
  ArrowDown: [0, 4],
};

function nudge(by: Point, isFar: boolean): void {
  const { layout } = documentNow();
  const step = isFar ? 5 : 1;
  const to = Object.fromEntries(
    openFlow.getState().selected.map((id): [string, Point] => {
      const [x, y] = layout[id] ?? [0, 0];
      return [id, [x + by[0] * step, y + by[1] * step]];
    }),
  );
  change({ type: 'node.move', to }, 'nudge');
}

/** Acts on a key; true when it was one of ours. */
export function pressKey(event: KeyboardEvent, keys: CanvasKeys): boolean {
  if (isTyping(event.target)) return false;
  const { selected } = openFlow.getState();
  const focused = nodeUnder(event.target);
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === 'a') select(Object.keys(documentNow().nodes));
    else if (key === 'd') duplicate();
    else if (key === 'f') keys.find();
    else return false;
    return true;
  }
  const arrow = ARROWS[event.key];
  if (arrow && selected.length) nudge(arrow, event.shiftKey);
  else if (event.key === '/') keys.openPalette();
  else if (event.key === 'Enter' && focused && selected.length === 1 && selected[0] === focused)
    keys.openForm();
  else if ((event.key === 'Enter' || event.key === ' ') && focused)
    select(event.shiftKey ? [...selected, focused] : [focused]);
  else if (event.key === 'Escape') select([]);
  else if ((event.key === 'Delete' || event.key === 'Backspace') && selected.length) removeNodes(selected);
  else if (key === 'c' && (focused ?? selected[0])) keys.startWire(focused ?? selected[0] ?? '');
  else if (key === 'x' && selected.length) toggleDisabled(selected);
  else if (key === 'f') keys.fit();
  else if (event.key === '?') keys.help();
  else return false;
  return true;
}

/** Copy, cut and paste as text. Returns what is wrong with a paste that is nothing we know. */
export function clip(event: ClipboardEvent, at: () => Point): NotAFlow | undefined {
  if (isTyping(event.target) || (window.getSelection()?.toString() && event.type !== 'paste'))
    return undefined;
  const { selected } = openFlow.getState();
  if (event.type === 'paste') {
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (!text) return undefined;
    event.preventDefault();
    return paste(text, at());
  }
  if (!selected.length) return undefined;
  event.clipboardData?.setData('text/plain', copied());
  event.preventDefault();
  if (event.type === 'cut') removeNodes(selected);
  return undefined;
}
