import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sayingOf } from '../kit/sentences.ts';
import { generatedIn } from './help-pages.ts';

const docs = resolve(import.meta.dirname, '../../../docs');
const page = (path: string) => readFileSync(join(docs, path), 'utf8');
const table = (name: string): Record<string, string> =>
  JSON.parse(readFileSync(resolve(import.meta.dirname, `../kit/locales/${name}.json`), 'utf8'));
const names = (folder: string) => readdirSync(join(docs, folder)).filter((name) => name.endsWith('.md'));
const code = /```[\s\S]*?```/g;

describe('the guide', () => {
  for (const language of ['ru', 'kk']) {
    for (const name of names('guide'))
      it(`has ${name} in ${language} with the same headings, tables and links`, () => {
        const ours = page(`guide/${name}`);
        const theirs = page(`guide/${language}/${name}`);
        const shape = (text: string) => text.replace(code, '').match(/^(#+ |\|)/gm);
        expect(shape(theirs)).toEqual(shape(ours));
        const links = (text: string, up: string) =>
          [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, to]) => to?.replace(up, '')).sort();
        expect(links(theirs, '../')).toEqual(links(ours, ''));
        const codes = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, it]) => it);
        const commands = (text: string) => codes(text).filter((it) => it && /^[\w-]+( --?[\w-]+)*$/.test(it));
        expect(new Set(commands(theirs))).toEqual(new Set(commands(ours)));
      });

    it(`says what every function does in ${language} as its page does`, () => {
      const said = names('guide/functions').map((name) => {
        const text = page(`guide/functions/${name}`);
        return ['en', language].map((it) => new RegExp(`^- \\*\\*${it}\\*\\* (.*)$`, 'm').exec(text)?.[1]);
      });
      expect(table(`functions.${language}`)).toEqual(Object.fromEntries(said));
    });

    it(`leaves no English on the generated pages in ${language}`, () => {
      const say = sayingOf([table(`catalogue.${language}`), table(`pages.${language}`)]);
      const folders = ['nodes', 'guide/functions'];
      const left = folders.flatMap((folder) =>
        names(folder)
          .filter((name) => name !== 'README.md')
          .flatMap((name) => {
            const text = generatedIn(page(`${folder}/${name}`), language, say);
            const plain = text.replace(code, '').replace(/`[^`]*`|^ {4}.*$|^# .*$|\]\([^)]*\)|"[^"]*"/gm, '');
            // a name of a standard stands alone among words of the language
            return plain
              .split(/\n|\|/)
              .filter((it) => /[a-z]{2,} [a-z]{2,} [a-z]{2,}/i.test(it) && !/[а-я]{3}/i.test(it));
          }),
      );
      expect(left).toEqual([]);
    });
  }
});
