// Checks that imports only go down: main, views, the domain folders, document, bridge, generated; kit is open to all.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const domains = ['canvas', 'inspector', 'library', 'runs', 'schedule'];
const allowed = {
  kit: [],
  generated: [],
  bridge: ['generated', 'kit'],
  document: ['bridge', 'generated'],
  ...Object.fromEntries(domains.map((name) => [name, ['document', 'bridge', 'generated', 'kit']])),
  views: [...domains, 'document', 'bridge', 'generated', 'kit'],
};
const root = resolve(import.meta.dirname, '../src');
const files = (folder) =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : /\.tsx?$/.test(name) ? [path] : [];
  });
const wayOut = (from, to) => {
  if (domains.includes(from) && domains.includes(to))
    return `join them in a view, or move what both need to document/ or kit/`;
  if (from === 'kit') return 'kit knows nothing of ours: hand it in as a property';
  if (from === 'document' && to === 'kit')
    return 'the document has no React: return data, let the caller draw it';
  return `move the shared part down to a folder that ${from}/ may import`;
};
let wrong = 0;
for (const file of files(root)) {
  const from = relative(root, file).split('/')[0];
  const text = readFileSync(file, 'utf8');
  const lines = text.split('\n').length;
  if (from === 'generated') continue;
  if (lines > 400) console.warn(`${relative(root, file)} has ${lines} lines; split it before it reaches 600`);
  if (lines > 600) wrong++;
  if (!(from in allowed)) continue;
  for (const [, target] of text.matchAll(/from '(\.[^']*)'/g)) {
    const to = relative(root, resolve(dirname(file), target)).split('/')[0];
    if (to === from || allowed[from].includes(to)) continue;
    console.error(
      `${relative(root, file)} imports ${to}/, but ${from}/ may import only ${allowed[from].join(', ') || 'nothing of ours'}.`,
    );
    console.error(`  The way out: ${wayOut(from, to)}.`);
    wrong++;
  }
}
process.exit(wrong ? 1 : 0);
