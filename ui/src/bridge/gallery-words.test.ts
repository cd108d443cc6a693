import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sayingOf } from '../kit/sentences.ts';
import { galleryIn } from './gallery-words.ts';

const root = resolve(import.meta.dirname, '../../..');
const flows = readdirSync(join(root, 'flows')).map((slug) =>
  readFileSync(join(root, 'flows', slug, 'flow.json'), 'utf8'),
);
const table = (language: string): Record<string, string> =>
  JSON.parse(readFileSync(join(root, `ui/src/kit/locales/gallery.${language}.json`), 'utf8'));

/** A title that is the name of a file the flow writes is no word of a language. */
const isFile = (text: string) => /^[\w-]+\.\w+$/.test(text);

describe('the gallery in other languages', () => {
  for (const language of ['ru', 'kk']) {
    it(`says every text of its flows in ${language}, and none that is gone`, () => {
      const asked = new Set<string>();
      for (const text of flows) {
        galleryIn({ text }, (english) => {
          asked.add(english);
          return english;
        });
      }
      const said = table(language);
      expect([...asked].filter((it) => !said[it] && !isFile(it))).toEqual([]);
      expect(Object.keys(said).filter((it) => !asked.has(it))).toEqual([]);
    });

    it(`changes nothing a run depends on in ${language}`, () => {
      type Part = Record<string, unknown>;
      const plain = (text: string) => {
        const { nodes, slots, ...flow } = JSON.parse(text) as {
          nodes: Record<string, Part>;
          slots: Record<string, Part>;
        };
        const parts = [...Object.values(nodes), ...Object.values(slots)];
        for (const part of parts) Object.assign(part, { title: '', note: '', help: '' });
        return { ...flow, nodes, slots, name: '', docs: '' };
      };
      const say = sayingOf([table(language)]);
      for (const text of flows) {
        const answer = galleryIn({ text }, say) as { text: string };
        expect(answer.text).not.toBe(JSON.stringify(JSON.parse(text)));
        expect(plain(answer.text)).toEqual(plain(text));
      }
    });
  }
});
