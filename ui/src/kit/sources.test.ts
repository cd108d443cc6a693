import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const engine = resolve(import.meta.dirname, '../../../src-tauri');
const CRATES = ['connectors', 'engine', 'formula', 'host', 'journal', 'model', 'plan', 'sdk', 'src'];

/** Where sentences are written that the window never shows: for the log, the terminal, a sender of webhooks, a program. */
const ELSEWHERE = [
  'engine/src/case/given.rs', // a broken case is mended in its file
  'engine/src/case/pack.rs',
  'engine/src/case/stand_in.rs',
  'engine/src/case/typed.rs',
  'engine/src/case/world.rs',
  'engine/src/case.rs',
  'formula/src/lines.rs', // a language server over a pipe
  'formula/src/path', // JSON paths are no part of a flow
  'host/src/contract/table.rs', // the reference of the contract
  'host/src/http/',
  'host/src/local.rs',
  'host/src/owner.rs',
  'host/src/place.rs',
  'journal/src/', // the window has only what is named in SHOWN of it
  'src/', // said before there is a window
];
const SHOWN = ['journal/src/error.rs', 'journal/src/writer.rs'];
/** What only a mistake in the program can bring up stays as it is: it goes to those who mend it. */
const OURS =
  /^(A stage of|A batch came to|A step was given|A step that reads a stream|This step |This source |A run has no id|The (answer|hash of a flow|editor may)|\{place\} cannot|\{doing\} failed|Reading a file ended|\{text\} |A \{kind\}|There is no type|An object with a |"\{text\}" is no \{kind\})/;

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return name === 'tests' ? [] : files(path);
    return /\.rs$/.test(name) && !/(^|_)(tests?|testing)\.rs$/.test(name) ? [path] : [];
  });
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

/** Texts in double quotes of a Rust source, without comments, raw texts and tests. */
function texts(source: string): string[] {
  const found: string[] = [];
  const before = source.split(/^#\[cfg\(test\)\]\n(?:pub )?mod \w+ \{/m)[0] ?? '';
  const token =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\br(#*)"[\s\S]*?"\1|'(?:\\[^\n']+|[^\\'\n])'|"((?:[^"\\]|\\[\s\S])*)"/g;
  for (const [, , text] of before.matchAll(token))
    if (text !== undefined)
      found.push(
        text.replace(/\\\n\s*|\\([\s\S])/g, (_, letter: string) =>
          letter === undefined ? '' : (ESCAPES[letter] ?? letter),
        ),
      );
  return found;
}

const read = (name: string): Record<string, string> =>
  JSON.parse(readFileSync(resolve(import.meta.dirname, `locales/${name}.json`), 'utf8'));
const said = CRATES.flatMap((crate) =>
  files(crate === 'src' ? join(engine, 'src') : join(engine, crate, 'src')),
)
  .map((path) => ({ place: relative(engine, path), texts: texts(readFileSync(path, 'utf8')) }))
  .flatMap(({ place, texts: them }) => them.map((text) => ({ place, text })));
const plain = (text: string) => text.replace(/\s+/g, ' ').trim();

describe('the sentences of the engine', () => {
  const own = ['The engine does not answer.'];
  const catalogue = new Set(Object.keys(read('catalogue.ru')).map(plain));
  const functions = new Set(Object.keys(read('functions.ru')));
  const sentences = said
    .filter(
      ({ text }) => /^[A-Z{"]/.test(text) && /[.?]$/.test(text) && /[a-z]{2,} [a-z{]|\} [a-z]{2}/.test(text),
    )
    .filter(({ place }) => SHOWN.includes(place) || !ELSEWHERE.some((it) => place.startsWith(it)))
    .filter(({ text }) => !/[а-яё]/i.test(text) && !OURS.test(text))
    .filter(({ text }) => !catalogue.has(plain(text)) && !functions.has(text));

  for (const language of ['ru', 'kk']) {
    it(`are all said in ${language}`, () => {
      const table = read(`sentences.${language}`);
      const missing = sentences.filter(({ text }) => !(text in table));
      expect(missing.map(({ place, text }) => `${place}: ${text}`)).toEqual([]);
    });

    it(`have no translation into ${language} when nobody says them any more`, () => {
      const there = new Set([...said.map(({ text }) => text), ...own]);
      expect(Object.keys(read(`sentences.${language}`)).filter((it) => !there.has(it))).toEqual([]);
    });

    it(`keep their parts in ${language}`, () => {
      const wrong = Object.entries(read(`sentences.${language}`)).filter(([pattern, words]) => {
        let unnamed = 0;
        const bare = pattern.replaceAll('{{', '').replaceAll('}}', '');
        const parts = new Set(
          [...bare.matchAll(/\{(\w*)(?::[^{}]*)?\}/g)].map(([, name]) => name || String(unnamed++)),
        );
        const used = new Set([...words.matchAll(/\{~?(\w+)\}/g)].map(([, name]) => name));
        return String([...parts].sort()) !== String([...used].sort());
      });
      expect(wrong).toEqual([]);
    });
  }
});
