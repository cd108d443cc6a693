/** The glyph of a node kind, from the sprite that `mountSprite` put into the page. */

let known = new Set<string>();

/** Puts the sprite into the page once, so that every glyph is one reference. */
export function mountSprite(text: string): void {
  const sprite = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  sprite.setAttribute('aria-hidden', 'true');
  sprite.setAttribute('class', 'visually-hidden');
  document.body.append(sprite);
  known = new Set([...sprite.querySelectorAll('symbol')].map((symbol) => symbol.id));
}

const glyphOf = (kind: string): string =>
  [kind.replace('.', '-'), kind.split('.')[0] ?? ''].find((name) => known.has(`glyph-${name}`)) ?? 'unknown';

function Glyph({ kind }: { kind: string }) {
  return (
    <svg className="glyph" aria-hidden="true">
      <use href={`#glyph-${glyphOf(kind)}`} />
    </svg>
  );
}

/** The glyph on its shape: round for a trigger, square for a transform, a pentagon for an action. */
export function KindBadge({ kind, contract, size }: { kind: string; contract: string; size?: 'small' }) {
  return (
    <span className="badge" data-contract={contract} data-size={size}>
      <Glyph kind={kind} />
    </span>
  );
}
