// Prints what the first paint costs: the entry script and style of dist/, gzipped. Fails above the budget.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 700_000;
const dist = resolve(import.meta.dirname, '../dist');
const page = readFileSync(join(dist, 'index.html'), 'utf8');
const files = [...page.matchAll(/(?:src|href)="\.\/([^"]+\.(?:js|css))"/g)].map(([, name]) => name);
let total = 0;
for (const name of files) {
  const size = gzipSync(readFileSync(join(dist, name))).length;
  total += size;
  console.log(`${String(Math.round(size / 1000)).padStart(5)} kB  ${name}`);
}
console.log(
  `${String(Math.round(total / 1000)).padStart(5)} kB  gzip in all, budget ${BUDGET_BYTES / 1000} kB`,
);
process.exit(total > BUDGET_BYTES ? 1 : 0);
