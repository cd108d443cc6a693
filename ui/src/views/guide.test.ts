import { marked, type Token } from 'marked';
import { describe, expect, it } from 'vitest';
import { functionPage } from './function-words.ts';

const files = import.meta.glob<string>('../../../docs/guide/**/*.md', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const GUIDE = '../../../docs/guide/';
const names = Object.keys(files)
  .map((path) => path.slice(GUIDE.length))
  .filter((path) => !path.includes('/'));
const functions = Object.keys(files).filter((path) => path.startsWith(`${GUIDE}functions/`));

/** Everything a page is made of, by kind: what may not differ between languages. */
function shape(folder: string, name: string) {
  const pieces = {
    headings: [] as number[],
    code: [] as string[],
    words: [] as string[],
    links: [] as string[],
  };
  let cells = 0;
  const see = (token: Token) => {
    if (token.type === 'heading') pieces.headings.push(token.depth);
    if (token.type === 'code') pieces.code.push(token.text);
    if (token.type === 'codespan') pieces.words.push(token.text);
    if (token.type === 'table') cells += (token.rows.length + 1) * token.header.length;
    if (token.type === 'link') {
      const to = new URL(token.href, `https://docs.invalid/guide/${folder}${name}`).pathname;
      pieces.links.push(to.replace(/^\/guide\/(ru|kk)\//, '/guide/'));
    }
  };
  marked.walkTokens(marked.lexer(files[`${GUIDE}${folder}${name}`] ?? ''), see);
  return { ...pieces, words: pieces.words.sort(), links: pieces.links.sort(), cells };
}

describe('the guide', () => {
  it('has eleven chapters or more', () => expect(names.length).toBeGreaterThanOrEqual(11));
  it.each(['ru', 'kk'])('has every page in %s, and no page besides', (language) => {
    const local = Object.keys(files).filter((path) => path.startsWith(`${GUIDE}${language}/`));
    expect(local.map((path) => path.slice(GUIDE.length + 3)).sort()).toEqual([...names].sort());
  });
  it.each(names.flatMap((name) => ['ru', 'kk'].map((language) => [language, name] as const)))(
    'says the same in %s: %s has the same headings, code, tables and links',
    (language, name) => expect(shape(`${language}/`, name)).toEqual(shape('', name)),
  );
});

describe('the page of a function', () => {
  it.each(['ru', 'kk'])('is said in %s to the last word', (language) => {
    for (const path of functions) {
      const page = files[path] ?? '';
      const said = functionPage(page, language).split('\n');
      // Names, signatures and examples are code; the one line of help differs from the English one.
      const prose = said.filter((line) => line && !/^(#| {4}|\| -|\| `.*` \| `)/.test(line));
      const text = prose.join('\n').replace(/`[^`]*`/g, '');
      const english = functionPage(page, 'en').split('\n');
      for (const line of prose) expect(english, `${path}: ${line}`).not.toContain(line);
      expect(text, path).not.toMatch(
        /\b(Result|takes|any|text|number|list|record|function is|may be|as many)\b/,
      );
    }
  });
  it('keeps one help of three', () => {
    const page = '# trim\n\n- **en** Cuts.\n- **ru** Обрезает.\n- **kk** Кеседі.\n\nResult: string.\n';
    expect(functionPage(page, 'ru')).toBe('# trim\n\nОбрезает.\n\nРезультат: текст.\n');
    expect(functionPage(page, 'en')).toBe('# trim\n\nCuts.\n\nResult: string.\n');
  });
});
