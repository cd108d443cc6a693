// Checks that every language has the same keys (plural endings aside), and that the code uses only keys that exist.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../src');
const read = (name) => JSON.parse(readFileSync(join(root, 'kit/locales', `${name}.json`), 'utf8'));
const flat = (node, path = '') =>
  Object.entries(node).flatMap(([key, value]) =>
    typeof value === 'string' ? [path + key] : flat(value, `${path}${key}.`),
  );
const base = (key) => key.replace(/_(zero|one|two|few|many|other)$/, '');
const sets = Object.fromEntries(
  ['en', 'ru', 'kk'].map((name) => [name, new Set(flat(read(name)).map(base))]),
);
let wrong = 0;
const say = (text) => {
  console.error(text);
  wrong++;
};
for (const [name, keys] of Object.entries(sets)) {
  for (const key of sets.en) if (!keys.has(key)) say(`${name} has no text for ${key}`);
  for (const key of keys) if (!sets.en.has(key)) say(`${name} has ${key}, which en does not have`);
}
const files = (folder) =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : /\.tsx?$/.test(name) ? [path] : [];
  });
for (const file of files(root)) {
  const text = readFileSync(file, 'utf8');
  for (const [, key] of text.matchAll(/\bt\('([\w.]+)'/g))
    if (!sets.en.has(key)) say(`${file}: no text for ${key}`);
}
process.exit(wrong ? 1 : 0);
