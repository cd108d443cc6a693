// The fuzz targets of the formula language: built with coverage, run over a copy of their corpus, each for so many executions;
// side by side, one for every core.
//
//   node tests/tools/fuzz.mjs [--runs 10000000] [--secs 0] [--jobs CORES] [parser evaluator templates paths]
//
// A panic, a hang or memory over the budget ends a target with its input in `artefacts/fuzz`; mended, the input belongs into
// `src-tauri/formula/fuzz/corpus`, which `cargo test -p arna-formula` replays.

import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const home = join(root, 'src-tauri', 'formula', 'fuzz');
/** The targets, and the longest input of each in bytes: short inputs are fast, and most of what there is to find is short. */
const longest = { parser: 256, evaluator: 320, templates: 640, paths: 256 };
const all = Object.keys(longest);
/** Seconds an input may take on a busy machine before it counts as a hang. */
const HANG_SECS = 60;
/** MiB that a whole target may take, its corpus included. */
const MEMORY_MIB = 1024;

const options = { runs: '10000000', secs: '0', jobs: String(availableParallelism()) };
const targets = [];
for (let at = 2; at < process.argv.length; at += 1) {
  const word = process.argv[at];
  if (/^--(runs|secs|jobs)$/.test(word)) options[word.slice(2)] = process.argv[(at += 1)];
  else if (all.includes(word)) targets.push(word);
  else throw new Error(`${word} is not known; the targets are ${all.join(', ')}.`);
}
for (const [name, value] of Object.entries(options))
  if (!/^\d+$/.test(value)) throw new Error(`--${name} takes a whole number.`);
if (targets.length === 0) targets.push(...all);

/** Coverage as libFuzzer reads it; these options of the compiler are stable, so no other toolchain is needed. */
const coverage = [
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=3',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
];

function build() {
  const host = spawnSync('rustc', ['-vV'], { encoding: 'utf8' }).stdout.match(/host: (\S+)/)[1];
  const folder = join(process.env.CARGO_TARGET_DIR || join(root, 'target'), 'fuzz');
  // With a target named, build scripts stay without coverage.
  const args = ['build', '--release', '--locked', '--target', host, '--target-dir', folder];
  const done = spawnSync('cargo', args, { cwd: home, stdio: 'inherit', env: { ...process.env, RUSTFLAGS: coverage.join(' ') } });
  if (done.status !== 0) throw new Error('The fuzz targets cannot be built.');
  return join(folder, host, 'release');
}

/** Bytes of what a target says that are kept: its end says what it found. */
const KEPT = 64 * 1024;

/** Runs a program to its end: its exit status, and the end of its error stream. */
function run(program, args) {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (part) => (said = (said + part).slice(-KEPT)));
    child.on('error', failed);
    child.on('close', (status) => done({ status, said }));
  });
}

/** Runs one target; whether it found nothing. */
async function fuzz(programs, target) {
  const found = join(root, 'artefacts', 'fuzz', target);
  const corpus = mkdtempSync(join(tmpdir(), `arna-fuzz-${target}-`));
  mkdirSync(found, { recursive: true });
  const committed = join(home, 'corpus', target);
  if (existsSync(committed)) cpSync(committed, corpus, { recursive: true });
  const limits = [`-max_len=${longest[target]}`, `-timeout=${HANG_SECS}`, `-rss_limit_mb=${MEMORY_MIB}`, `-artifact_prefix=${found}/`];
  const amount = [`-runs=${options.runs}`, `-max_total_time=${options.secs}`];
  const more = [`-dict=${join(home, 'words.dict')}`, '-print_final_stats=1', '-verbosity=1', '-entropic=0'];
  const started = Date.now();
  const { status, said } = await run(join(programs, target), [corpus, ...amount, ...limits, ...more]);
  const secs = (Date.now() - started) / 1000;
  const executed = Number(said.match(/stat::number_of_executed_units:\s*(\d+)/)?.[1] ?? 0);
  const peak = Number(said.match(/stat::peak_rss_mb:\s*(\d+)/)?.[1] ?? 0);
  const cover = said.match(/cov: (\d+)/g)?.at(-1) ?? '';
  const ok = status === 0;
  const inputs = readdirSync(corpus).length;
  console.log(`${ok ? 'ok' : 'FOUND'} ${target}: ${executed} executions in ${secs.toFixed(0)} s, ${cover}, ${inputs} inputs, peak ${peak} MiB`);
  if (ok && process.env.ARNA_PROOF) {
    appendFileSync(process.env.ARNA_PROOF, `fuzzing of formulas, ${target}\t${executed} executions, 0 findings, peak ${peak} MiB\n`);
  }
  if (!ok) console.log(said.split('\n').slice(-40).join('\n'));
  rmSync(corpus, { recursive: true, force: true });
  return ok;
}

const programs = build();
const waiting = [...targets];
const results = [];
async function work() {
  for (let target = waiting.shift(); target; target = waiting.shift()) results.push(await fuzz(programs, target));
}
await Promise.all(Array.from({ length: Math.max(1, Number(options.jobs)) }, work));
const passed = results.filter(Boolean).length;
console.log(`${passed} passed, ${results.length - passed} failed`);
process.exitCode = passed === results.length ? 0 : 1;
