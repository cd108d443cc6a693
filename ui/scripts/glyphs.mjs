// Joins icons/glyphs/*.svg into one sprite, one symbol a glyph; with --check only says whether it is stale.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const folder = resolve(import.meta.dirname, '../../icons/glyphs');
const target = resolve(import.meta.dirname, '../src/generated/icons.svg');
const symbols = readdirSync(folder)
  .sort()
  .map((name) => {
    const inner = readFileSync(join(folder, name), 'utf8')
      .replace(/^<svg[^>]*>/, '')
      .replace(/<\/svg>\s*$/, '');
    return `<symbol id="glyph-${basename(name, '.svg')}" viewBox="0 0 24 24">${inner}</symbol>`;
  });
const sprite = `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`;
if (!process.argv.includes('--check')) writeFileSync(target, sprite);
else if (readFileSync(target, 'utf8') !== sprite) {
  console.error('src/generated/icons.svg is stale: run node scripts/glyphs.mjs');
  process.exit(1);
}
