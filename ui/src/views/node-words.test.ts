import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sayingOf } from '../kit/sentences.ts';
import { nodePage } from './node-words.ts';

const docs = resolve(import.meta.dirname, '../../../docs');
const page = (path: string) => readFileSync(join(docs, path), 'utf8');
const table = (name: string): Record<string, string> =>
  JSON.parse(readFileSync(resolve(import.meta.dirname, `../kit/locales/${name}.json`), 'utf8'));
const names = (folder: string) => readdirSync(join(docs, folder)).filter((name) => name.endsWith('.md'));
const code = /```[\s\S]*?```/g;

describe('the pages of functions and nodes', () => {
  for (const language of ['ru', 'kk']) {
    it(`says what every function does in ${language} as its page does`, () => {
      const said = names('guide/functions').map((name) => {
        const text = page(`guide/functions/${name}`);
        return ['en', language].map((it) => new RegExp(`^- \\*\\*${it}\\*\\* (.*)$`, 'm').exec(text)?.[1]);
      });
      expect(table(`functions.${language}`)).toEqual(Object.fromEntries(said));
    });

    it(`leaves no English on the pages of nodes in ${language}`, () => {
      const say = sayingOf([table(`catalogue.${language}`), table(`pages.${language}`)]);
      const left = names('nodes')
        .filter((name) => name !== 'README.md')
        .flatMap((name) => {
          const plain = nodePage(page(`nodes/${name}`), say)
            .replace(code, '')
            .replace('Standard Webhooks', '')
            .replace(/`[^`]*`|\]\([^)]*\)|"[^"]*"/gm, '');
          // a name of a standard stands among words of the language
          return plain
            .split(/\n|\|/)
            .filter((it) => /[a-z]{2,} [a-z]{2,}/i.test(it) && !/[а-я]{3}/i.test(it))
            .map((it) => `${name}: ${it}`);
        });
      expect(left).toEqual([]);
    });
  }
});
