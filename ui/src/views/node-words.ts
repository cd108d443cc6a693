/** Pages of node kinds are generated in English; here they are said in the language of the window. Their sentences are those of the catalogue. */
import type { Say } from '../kit/sentences.ts';

const isTable = (block: string) => block.startsWith('|');
const cellsOf = (line: string) =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());

function tableIn(block: string, say: Say): string {
  const cell = (text: string) => say(text.replaceAll('\\|', '|')).replaceAll('|', '\\|');
  return block
    .split('\n')
    .map((line) => `| ${cellsOf(line).map(cell).join(' | ')} |`)
    .join('\n');
}

function blockIn(block: string, say: Say): string {
  if (block.startsWith('```') || block.startsWith('    ')) return block;
  if (isTable(block)) return tableIn(block, say);
  const heading = /^(#+) (.*)$/.exec(block);
  return heading ? `${heading[1]} ${say(heading[2] ?? '')}` : say(block);
}

/** A page of a node kind in a language. */
export function nodePage(text: string, say: Say): string {
  const blocks = text.split('\n\n');
  const said: string[] = [];
  for (let at = 0; at < blocks.length; at++) {
    const block = (blocks[at] ?? '').trimEnd();
    const next = (blocks[at + 1] ?? '').trimEnd();
    // a help of two paragraphs is one sentence of the catalogue
    const isProse = /^[A-Z]/.test(block) && /^[A-Z]/.test(next);
    const both = say(`${block}\n\n${next}`);
    if (isProse && both !== `${block}\n\n${next}`) {
      said.push(both);
      at++;
    } else said.push(blockIn(block, say));
  }
  return said.join('\n\n');
}
