/** The flows of the gallery in the language of the window: whoever takes one gets its cards, notes and slots in their own words. */
import type { Say } from '../kit/sentences.ts';

/** Fields of a flow that only people read. Ids, formulas and names of files are what the flow works with, and stay. */
const READ_BY_PEOPLE = new Set(['name', 'about', 'docs', 'title', 'note', 'help']);
/** Fields in which a name is data. */
const DATA = new Set(['config', 'cases', 'layout', 'wires']);

function said(value: unknown, say: Say): unknown {
  if (Array.isArray(value)) return value.map((it) => said(it, say));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, it]) => {
      if (typeof it === 'string') return [key, READ_BY_PEOPLE.has(key) ? say(it) : it];
      return [key, DATA.has(key) ? it : said(it, say)];
    }),
  );
}

/** The list of the gallery, or one flow of it: the words of its document too. */
export function galleryIn(answer: unknown, say: Say): unknown {
  const spoken = said(answer, say);
  if (typeof spoken !== 'object' || spoken === null || !('text' in spoken)) return spoken;
  return { ...spoken, text: JSON.stringify(said(JSON.parse(String(spoken.text)), say)) };
}
