import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const here = import.meta.dirname;
type Tree = null | boolean | number | string | Tree[] | { [key: string]: Tree };
const read = (path: string): { [key: string]: Tree } => JSON.parse(readFileSync(resolve(here, path), 'utf8'));
const table = (name: string) => read(`locales/${name}.json`) as Record<string, string>;
const isTable = (tree: Tree | undefined): tree is { [key: string]: Tree } =>
  typeof tree === 'object' && tree !== null && !Array.isArray(tree);
const listOf = (tree: Tree | undefined): Tree[] => (Array.isArray(tree) ? tree : []);

const kinds = listOf(read('../generated/catalog.json').kinds).filter(isTable);

/** Every object inside a tree, the tree too. */
function objects(tree: Tree): { [key: string]: Tree }[] {
  if (Array.isArray(tree)) return tree.flatMap(objects);
  return isTable(tree) ? [tree, ...Object.values(tree).flatMap(objects)] : [];
}

function sentences(): Set<string> {
  const found = kinds.flatMap((kind) => [
    kind.title,
    kind.help,
    ...[...listOf(kind.inputs), ...listOf(kind.outputs)].map((port) => isTable(port) && port.help),
    ...objects(kind.schema ?? null).map((it) => it.description),
  ]);
  return new Set(found.filter((it): it is string => typeof it === 'string' && it !== ''));
}

const words = read('locales/en.json') as Record<string, Record<string, string>>;

describe('the catalogue in other languages', () => {
  for (const language of ['ru', 'kk']) {
    it(`says every sentence in ${language}, and no sentence that is gone`, () => {
      const said = table(`catalogue.${language}`);
      const there = sentences();
      expect([...there].filter((it) => !said[it])).toEqual([]);
      expect(Object.keys(said).filter((it) => !there.has(it))).toEqual([]);
    });

    it(`keeps what stands in backticks as it is in ${language}`, () => {
      // ports are named by their words on the canvas, and so in the help
      const ports = new Set(['`rest`', '`matched`', '`duplicates`', '`invalid`']);
      const code = (text: string) => [...text.matchAll(/`[^`]+`/g)].map(String).sort();
      const wrong = Object.entries(table(`catalogue.${language}`)).filter(
        ([english, it]) => String(code(english).filter((name) => !ports.has(name))) !== String(code(it)),
      );
      expect(wrong).toEqual([]);
    });
  }

  it('has a word for every field, choice and port', () => {
    const missing = kinds.flatMap((kind) => {
      const own = String(kind.kind).replace('.', '_');
      const parts = objects(kind.schema ?? null);
      const named = parts
        .flatMap((part) => (isTable(part.properties) ? Object.entries(part.properties) : []))
        .filter(([, part]) => isTable(part) && !('const' in part))
        .map(([name]) => name)
        .filter((name) => !words.fieldname?.[name] && !words.fieldname?.[`${own}_${name}`]);
      const chosen = parts
        .flatMap((part) => [part.const, ...listOf(part.enum)])
        .filter((it): it is string => typeof it === 'string')
        // verbs of the web are called the same everywhere
        .filter((it) => !/^[A-Z]+$/.test(it) && !words.choice?.[it] && !words.columntype?.[it]);
      const ports = [...listOf(kind.inputs), ...listOf(kind.outputs)]
        .map((port) => (isTable(port) ? String(port.name) : ''))
        .filter((name) => !words.portname?.[name]);
      return [...named, ...chosen, ...ports].map((name) => `${kind.kind}: ${name}`);
    });
    expect(missing).toEqual([]);
  });
});
