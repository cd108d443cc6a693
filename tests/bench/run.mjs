// The measurements: each job beside its floor in the same minutes, every answer judged, medians and ratios in one table.
//
//   node tests/bench/run.mjs [--only j1,j3] [--secs 6] [--repeat 3] [--rows 1000000] [--kills 20] [--write] [--json]
//
// --write puts the table into docs/benchmarks.md and docs/benchmarks.json, --json prints the JSON instead of the table.
// The jobs, their data, floors and judges stand in a kit beside the project; without it only what needs no kit is measured.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';

import { formulas, j3, j4, j5, j6, j7, webhooks } from './jobs.mjs';
import { isKitThere, kit, prepareKit, versions } from './kit.mjs';
import { Report } from './report.mjs';
import { root, run } from './tools.mjs';

const values = { only: '', secs: '6', repeat: '3', rows: '1000000', kills: '20' };
const flags = { write: false, json: false };
for (let at = 2; at < process.argv.length; at += 1) {
  const name = process.argv[at].replace(/^--/, '');
  if (name in flags) flags[name] = true;
  else if (name in values && process.argv[at + 1] !== undefined) values[name] = process.argv[(at += 1)];
  else {
    const known = [...Object.keys(values).map((it) => `--${it} VALUE`), ...Object.keys(flags).map((it) => `--${it}`)];
    console.error(`${process.argv[at]} is not known; known are ${known.join(', ')}.`);
    process.exit(2);
  }
}
const options = {};
for (const name of ['secs', 'repeat', 'rows', 'kills']) {
  options[name] = Number(values[name]);
  if (!Number.isInteger(options[name]) || options[name] < 1) {
    console.error(`--${name} takes a whole number above 0, not ${values[name]}.`);
    process.exit(2);
  }
}
const wanted = (job) => !values.only || values.only.split(',').includes(job);
const report = new Report();

async function job(name, work) {
  console.error(`-- ${name}`);
  try {
    await work();
  } catch (error) {
    report.broken(name, error.message);
  }
}

async function withKit() {
  await prepareKit(options.rows);
  console.error('-- arna in release');
  await run('cargo', ['build', '--release', '--locked', '-p', 'arna-cli'], { timeout_s: 3_600, shown: true });
  const arna = join(process.env.CARGO_TARGET_DIR || join(root, 'target'), 'release', 'arna');
  if (wanted('j1') || wanted('j2')) await job('J1, J2', () => webhooks(report, arna, options, wanted));
  if (wanted('j3')) await job('J3', () => j3(report, arna, options));
  if (wanted('j4')) await job('J4', () => j4(report, arna));
  if (wanted('j5')) await job('J5', () => j5(report, arna));
  if (wanted('j6')) await job('J6', () => j6(report, arna));
  if (wanted('j7')) await job('J7', () => j7(report, arna, options));
}

/** What the figures were taken on, and of. */
async function about() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
  const changed = git('status', '--porcelain') ? ' with changes' : '';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = existsSync('/proc/loadavg') ? `, load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]} at the end` : '';
  return {
    machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, ${memory}, ${process.platform} ${release()}${load}`,
    versions: isKitThere() ? await versions() : [`Node ${process.versions.node}`],
    commit: `${git('rev-parse', '--short', 'HEAD')}${changed}`,
    when: new Date().toISOString().slice(0, 10),
    settings: `Medians of ${options.repeat} runs; loads of ${options.secs} s at 64 connections.`,
  };
}

const started = Date.now();
if (isKitThere()) {
  await withKit();
} else {
  console.error(`The kit of the jobs is missing: there is no ${kit}. Put it there (\`../shared/bench\` beside the project), or name it in ARNA_BENCH_KIT.`);
  console.error('Without it only the formulas are measured.');
  report.skip('J1-J7', 'the kit is missing');
}
if (wanted('formula') && existsSync(join(root, 'tests', 'bench', 'formula.mjs'))) {
  await job('formula', () => formulas(report));
}
const facts = await about();
console.log(flags.json ? report.json(facts) : `\n${report.text(facts)}`);
console.error(`${Math.round((Date.now() - started) / 1000)} s in all`);
if (flags.write) {
  writeFileSync(join(root, 'docs', 'benchmarks.md'), report.text(facts));
  writeFileSync(join(root, 'docs', 'benchmarks.json'), report.json(facts));
}
process.exit(report.isGood() ? 0 : 1);
