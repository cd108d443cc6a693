// Collects what the proofs found (lines of name, tab, words with figures) into docs/proof.md.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';

import { cache, root } from './steps.mjs';

const GIB = 2 ** 30;

/** The file the proofs write to, empty. */
export function emptyFile() {
  const file = join(cache, 'proof.tsv');
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  return file;
}

function git(...args) {
  const asked = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return asked.status === 0 ? asked.stdout.trim() : '';
}

/** The commit that is tested, asked before anything is written. */
export function commit() {
  const changed = git('status', '--porcelain') !== '';
  return (git('rev-parse', 'HEAD') || 'unknown') + (changed ? ', with changes that are not committed' : '');
}

/** Writes docs/proof.md. */
export function writeProof(file, { tested, began, tally }) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const rows = lines.map((line) => line.split('\t').map((it) => it.replaceAll('|', '\\|'))).sort();
  const processor = cpus()[0]?.model.trim() || 'unknown processor';
  const minutes = Math.round((Date.now() - began) / 60_000);
  const text = `# Proof

Written by \`npm run test:full\`; \`npm test\` holds the same proofs with smaller numbers. A line stands here only when its proof held: a
proof that fails ends the chore with an error and leaves no line.

- Date: ${new Date().toISOString().slice(0, 10)}
- Commit: ${tested}
- Machine: ${cpus().length} cores, ${processor}, ${Math.round(totalmem() / GIB)} GiB, ${type()} ${release()}
- Tests: ${tally.passed} passed, ${tally.failed} failed, ${minutes} minutes in all

| proof | what was found |
| --- | --- |
${rows.map(([name, found]) => `| ${name} | ${found} |`).join('\n')}

## How each is made

| proof | where |
| --- | --- |
| kill -9 under webhook load, a crash at every journal failpoint | \`tests/tests/crash.rs\`: the built program, senders, and a sink behind it that notes what it really got; questions are answered with the truth, and then everything acknowledged must have arrived, once where it may not be repeated |
| journal, kill -9 | \`src-tauri/journal/tests/crash.rs\` |
| power cut | \`src-tauri/journal/tests/power_cut.rs\`: SQLite over a disk in memory that keeps what was synced, and any part of the rest; the same with synchronous=NORMAL must lose something |
| simulation | \`src-tauri/engine/tests/simulation\`: the real engine over the real journal in a world of faults drawn from a seed; [what is simulated](decisions/simulation.md) |
| fuzzing of formulas | \`src-tauri/formula/fuzz\`: the targets of libFuzzer, built with coverage; \`npm test\` replays their corpus |
| schedule table, schedules and clocks | \`tests/tests/schedule_table.rs\`: all zones of the bundled database, against a walk through the minutes |
`;
  writeFileSync(join(root, 'docs', 'proof.md'), text);
  console.log(`-- docs/proof.md: ${rows.length} proofs, ${minutes} minutes`);
}
