// What formulas cost on one thread, beside dsntk in the same run: by criterion, as a table and as JSON.
//
//   node tests/bench/formula.mjs [--json FILE] [FILTER]

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Nanoseconds that an evaluation may take. */
const goals = { product: 80, if: 250, 'map of 8': 1_500 };

/** Runs the measurements; a row each: name, ours and theirs in nanoseconds, their ratio, goal, whether it is met. */
export function measured(filter = []) {
  const target = process.env.CARGO_TARGET_DIR || join(root, 'target');
  const home = mkdtempSync(join(tmpdir(), 'arna-criterion-'));
  const args = ['bench', '--locked', '--bench', 'formula', '--target-dir', join(target, 'formula-bench'), '--', '--noplot', ...filter];
  const cwd = join(root, 'src-tauri', 'formula', 'bench');
  const done = spawnSync('cargo', args, { cwd, encoding: 'utf8', maxBuffer: 64 << 20, env: { ...process.env, CRITERION_HOME: home } });
  try {
    if (done.status !== 0) throw new Error(`The bench of formulas ended with ${done.status}:\n${`${done.stdout}${done.stderr}`.slice(-2_000)}`);
    const median = (name, engine) => {
      const file = join(home, name, engine, 'new', 'estimates.json');
      return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).median.point_estimate : undefined;
    };
    return readdirSync(home)
      .map((name) => ({ name, ours_ns: median(name, 'arna'), theirs_ns: median(name, 'dsntk') }))
      .filter((row) => row.ours_ns !== undefined)
      .map((row) => {
        const goal_ns = goals[row.name];
        const ratio = row.theirs_ns === undefined ? undefined : row.ours_ns / row.theirs_ns;
        return { ...row, ratio, goal_ns, is_met: goal_ns === undefined ? undefined : row.ours_ns <= goal_ns };
      });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The same as rows of the report of all measurements. */
export function measure() {
  const nanoseconds = (value) => (value === undefined ? undefined : `${value.toFixed(0)} ns`);
  return measured().map((row) => ({
    job: 'formula',
    what: row.name,
    ours: nanoseconds(row.ours_ns),
    floor: row.theirs_ns === undefined ? undefined : `dsntk ${nanoseconds(row.theirs_ns)}`,
    ratio: row.ratio,
    goal: row.goal_ns === undefined ? undefined : `<= ${row.goal_ns} ns`,
    isMet: row.is_met,
    values: { ours_ns: row.ours_ns, theirs_ns: row.theirs_ns },
  }));
}

function main() {
  const words = process.argv.slice(2);
  const at = words.indexOf('--json');
  const file = at >= 0 ? words.splice(at, 2)[1] : undefined;
  const rows = measured(words);
  const shown = (value, digits = 0) => (value === undefined ? '' : value.toFixed(digits));
  const cells = rows.map((row) => [row.name, shown(row.ours_ns, 1), shown(row.theirs_ns, 1), shown(row.ratio, 3), shown(row.goal_ns), row.is_met === undefined ? '' : row.is_met ? 'met' : 'missed']);
  const head = ['formula', 'arna, ns', 'dsntk, ns', 'ratio', 'goal, ns', ''];
  for (const line of [head, head.map(() => '---'), ...cells]) console.log(`| ${line.join(' | ')} |`);
  if (file) writeFileSync(file, `${JSON.stringify(rows, null, 2)}\n`);
  process.exitCode = rows.every((row) => row.is_met !== false) ? 0 : 1;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) main();
