// The measurements: each job beside its floor in the same run, every answer judged, medians and ratios in one table.
//
//   node tests/bench/run.mjs [--only j1,j3] [--secs 8] [--repeat 3] [--rows 1000000] [--save docs/benchmarks.md]
//
// The jobs, their data, floors and judges stand in ../shared/bench of the workshop; without it there is nothing to measure against.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { measured } from './formula.mjs';
import { Report, ms, mib, number, ratio } from './report.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const kit = resolve(process.env.ARNA_BENCH_KIT || join(root, '..', 'shared', 'bench'));
const kept = join(process.env.XDG_CACHE_HOME || join(process.env.HOME || tmpdir(), '.cache'), 'arna', 'bench');
const target = process.env.CARGO_TARGET_DIR || join(root, 'target');
const work = mkdtempSync(join(tmpdir(), 'arna-bench-'));
const data = join(kept, 'data');
const flow = (name) => join(root, 'tests', 'bench', `${name}.flow.json`);

const options = { only: '', secs: '8', repeat: '3', rows: '1000000', save: '', kills: '20' };
for (let at = 2; at < process.argv.length; at += 2) {
  const name = process.argv[at].replace(/^--/, '');
  if (!(name in options) || process.argv[at + 1] === undefined) {
    console.error(`${process.argv[at]} is not known; known are ${Object.keys(options).map((it) => `--${it} VALUE`).join(', ')}.`);
    process.exit(2);
  }
  options[name] = process.argv[at + 1];
}
const wanted = (job) => !options.only || options.only.split(',').includes(job);
const report = new Report();
const children = new Set();

function stopAll() {
  for (const child of children) child.kill('SIGKILL');
  rmSync(work, { recursive: true, force: true });
}
process.on('exit', stopAll);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

/** Runs a program to its end; its output, or an error that says what it printed. */
function run(program, args, { env = {}, cwd = root, timeout_s = 600, quiet = true } = {}) {
  const done = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: timeout_s * 1000,
    maxBuffer: 64 << 20,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  });
  if (done.status !== 0) {
    const said = `${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}`.trim().split('\n').slice(-6).join('\n');
    throw new Error(`${program} ${args.slice(0, 4).join(' ')} ended with ${done.status ?? done.signal}:\n${said}`);
  }
  return done.stdout ?? '';
}

const has = (program) => spawnSync('which', [program], { stdio: 'ignore' }).status === 0;
const python = (script, ...args) => run('python3', [join(kit, script), ...args]);
const lastJson = (text) => JSON.parse(text.trim().split('\n').filter((it) => it.startsWith('{')).at(-1));
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const pause = (wait_ms) => new Promise((resume) => setTimeout(resume, wait_ms));

function freePort() {
  return new Promise((settle, fail) => {
    const server = createServer();
    server.on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => settle(port));
    });
  });
}

/** Starts a program that stays, waits until `url` answers, and gives back how to stop it. */
async function serve(program, args, url, body) {
  const log = join(work, `${args[0] ?? 'program'}-${Date.now()}.log`.replace(/[^\w.-]/g, '_'));
  const child = spawn('sh', ['-c', `exec "$0" "$@" > '${log}' 2>&1`, program, ...args], { stdio: 'ignore' });
  children.add(child);
  const story = () => (existsSync(log) ? readFileSync(log, 'utf8').slice(-2000) : '');
  for (const started = Date.now(); ; await pause(20)) {
    if (child.exitCode !== null) throw new Error(`${program} ended by itself:\n${story()}`);
    if (Date.now() - started > 30_000) throw new Error(`${program} does not answer at ${url}:\n${story()}`);
    try {
      const post = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
      const answer = await fetch(url, body === undefined ? {} : post);
      await answer.arrayBuffer();
      if (answer.status < 500) break;
    } catch {
      // not yet
    }
  }
  return {
    pid: child.pid,
    stop: async () => {
      child.kill('SIGTERM');
      for (let waited = 0; child.exitCode === null && child.signalCode === null && waited < 5_000; waited += 20) await pause(20);
      child.kill('SIGKILL');
      children.delete(child);
    },
  };
}

let arna;
async function serveArna(names, hook, { set = [], body = firstOrder(), folder } = {}) {
  const port = await freePort();
  const place = folder ?? mkdtempSync(join(work, 'data-'));
  const files = names.flatMap((name) => ['--flow', name.endsWith('.json') ? name : flow(name)]);
  const filled = set.flatMap((it) => ['--set', it]);
  const url = `http://127.0.0.1:${port}/hooks/${hook}`;
  const args = ['serve', '--data', place, '--hooks', `127.0.0.1:${port}`, ...files, ...filled];
  return { url, args, ...(await serve(arna, args, url, body)) };
}

const orders = join(data, 'orders_1k.jsonl');
const firstOrder = () => readFileSync(orders, 'utf8').split('\n', 1)[0];

function prepare() {
  if (!existsSync(join(kit, 'README.md'))) {
    console.error(`The jobs are not here: ${kit} is missing. Put the benchmark kit there, or name it in ARNA_BENCH_KIT.`);
    process.exit(2);
  }
  for (const tool of ['python3', 'cc', 'cargo']) if (!has(tool)) throw new Error(`${tool} is missing; install it first.`);
  mkdirSync(data, { recursive: true });
  const csv = [...new Set(['10000', '1000000', options.rows])];
  if (csv.some((it) => !existsSync(join(data, `orders_${it}.csv`))) || !existsSync(orders)) {
    console.log('-- data');
    python('gen/gen.py', 'all', data, ...csv);
  }
  if (!existsSync(join(kept, 'sink'))) run('cc', ['-O2', '-o', join(kept, 'sink'), join(kit, 'servers', 'sink.c')]);
  console.log('-- arna and the floor, in release');
  run('cargo', ['build', '--release', '--locked', '-p', 'arna-cli'], { timeout_s: 3_600, quiet: false });
  arna = join(target, 'release', 'arna');
  const floor = ['build', '--release', '--manifest-path', join(kit, 'ref', 'axum_floor', 'Cargo.toml'), '--target-dir', join(kept, 'floor')];
  run('cargo', floor, { timeout_s: 1_800 });
}

/** wrk, from the packages of the system. */
function ensureWrk() {
  if (has('wrk')) return;
  console.log('-- wrk');
  run('apt-get', ['install', '-y', '--no-install-recommends', 'wrk'], { timeout_s: 300 });
}

/** A Python with DuckDB, in a folder of its own. */
function duckPython() {
  const folder = join(kept, 'venv');
  const program = join(folder, 'bin', 'python');
  if (!existsSync(program)) run('python3', ['-m', 'venv', folder]);
  if (spawnSync(program, ['-c', 'import duckdb'], { stdio: 'ignore' }).status !== 0) {
    console.log('-- DuckDB');
    run(program, ['-m', 'pip', 'install', '--quiet', 'duckdb'], { timeout_s: 600 });
  }
  return program;
}

/** Requests a second at 64 connections: the median of the driver's runs. */
function load(server, label, more = []) {
  const args = ['--pid', String(server.pid), '--url', server.url, '--orders', orders, '--conns', '64', '--label', label];
  const text = python('drivers/bench_http.py', ...args, '--secs', options.secs, '--repeat', options.repeat, '--warm', '2', ...more);
  return JSON.parse(text.split('\n').find((it) => it.startsWith('MEDIAN')).slice(7));
}

let floorRate;
async function floor() {
  if (floorRate) return floorRate;
  ensureWrk();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/j1`;
  const server = { url, ...(await serve(join(kept, 'floor', 'release', 'axum_floor'), [String(port)], url, firstOrder())) };
  floorRate = load(server, 'axum').rps;
  await server.stop();
  report.add('floor', 'axum, 64 connections', `${number(floorRate)} req/s`, '', '');
  return floorRate;
}

async function j1() {
  const rate = await floor();
  for (const [name, hook, least] of [['j1', 'j1', 0.27], ['j1-volatile', 'j1v', 0.5]]) {
    const server = await serveArna([name], hook);
    const judged = python('drivers/check_j1.py', server.url, orders, '200').trim();
    const got = load(server, name);
    await server.stop();
    const kind = name === 'j1' ? 'durable' : 'volatile';
    const result = `${number(got.rps)} req/s, p99 ${ms(got.p99_ms)}, ${mib(got.rss_mib)}, refused ${got.non2xx}`;
    report.add('J1', `webhook, map, answer, ${kind}`, result, ratio(got.rps / rate), `>= ${least} of axum`, got.rps / rate >= least && got.non2xx === 0, judged);
  }
}

async function withSink(act) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const sink = await serve(join(kept, 'sink'), [String(port)], `${url}/count`);
  try {
    return await act(url, port);
  } finally {
    await sink.stop();
  }
}

async function j2() {
  const rate = await floor();
  await withSink(async (sink) => {
    const server = await serveArna(['j2'], 'j2', { set: [`sink=${sink}`] });
    const count = async () => Number(await (await fetch(`${sink}/count`)).text());
    const got = load(server, 'j2', ['--sink', sink]);
    for (let before = -1, now = await count(); before !== now; await pause(1_000)) [before, now] = [now, await count()];
    await server.stop();
    const result = `${number(got.rps)} req/s, p99 ${ms(got.p99_ms)}, ${mib(got.rss_mib)}, refused ${got.non2xx}`;
    report.add('J2', 'stored, then one call', result, ratio(got.rps / rate), '>= 0.10 of axum', got.rps / rate >= 0.1 && got.non2xx === 0, `sink got ${number(await count())} calls`);
  });
}

async function j3() {
  const duck = duckPython();
  const csv = join(data, `orders_${options.rows}.csv`);
  const folders = { floor: join(work, 'j3-duck'), ours: join(work, 'j3-arna') };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  const measure = (label, ...command) => lastJson(python('drivers/measure.py', '--label', label, '--timeout', '300', '--log', join(work, `${label}.log`), '--', ...command));
  const times = { duck: [], arna: [] };
  let peak = 0;
  for (let turn = 0; turn < Number(options.repeat); turn += 1) {
    times.duck.push(measure('duck', duck, join(kit, 'ref', 'j3_duckdb.py'), csv, join(data, 'customers.json'), folders.floor).wall_s);
    const set = [`data=${data}`, `out=${folders.ours}`, `rows=${options.rows}`].flatMap((it) => ['--set', it]);
    const got = measure('arna', arna, 'run', flow('j3'), ...set);
    if (got.rc !== 0) throw new Error(`arna run j3 ended with ${got.rc}: ${readFileSync(join(work, 'arna.log'), 'utf8').slice(-600)}`);
    times.arna.push(got.wall_s);
    peak = Math.max(peak, got.max_single_rss_mib);
  }
  const judged = python('drivers/check_j3.py', folders.floor, folders.ours).trim().replace(/\n/g, ', ');
  const share = median(times.arna) / median(times.duck);
  const result = `${median(times.arna)} s (DuckDB ${median(times.duck)} s), ${mib(peak)}`;
  report.add('J3', `CSV ${number(options.rows)} x 12, filter, join, two sums`, result, ratio(share), '<= 2 x DuckDB, <= 96 MiB', share <= 2 && peak <= 96, judged);
}

async function j4() {
  const items = join(data, 'items_1000.json');
  const server = await serveArna(['j4'], 'j4', { body: readFileSync(items, 'utf8') });
  const got = lastJson(python('drivers/time_post.py', '--pid', String(server.pid), '--url', server.url, '--body', items, '--n', '15', '--warm', '3'));
  await server.stop();
  report.add('J4', '100 steps x 1,000 records', `${ms(got.wall_ms_median)}, ${mib(got.rss_mib)}`, '', '<= 20 ms', got.wall_ms_median <= 20 && got.answer.includes('1000'), `answer ${got.answer}`);
}

async function j5() {
  const flows = [];
  for (let at = 0; at < 50; at += 1) {
    const path = join(work, `hourly-${at}.flow.json`);
    writeFileSync(path, readFileSync(flow('j5'), 'utf8').replaceAll('"path": "j5"', `"path": "j5-${at}"`).replace('J5 fifty', `J5 ${at} fifty`));
    flows.push('--flow', path);
  }
  const measured = [['one flow, 50 schedules', ['--flow', flow('j5')], 'j5'], ['50 flows of 50 schedules', flows, 'j5-49']];
  for (const [what, files, hook] of measured) {
    const port = await freePort();
    const command = [arna, 'serve', '--data', mkdtempSync(join(work, 'data-')), '--hooks', `127.0.0.1:${port}`, ...files].map((it) => `'${it}'`).join(' ');
    const got = lastJson(python('drivers/cold_start.py', '--start', command, '--url', `http://127.0.0.1:${port}/hooks/${hook}`, '--orders', orders, '--runs', '5', '--idle', '5'));
    const result = `${got.start_s_median} s to the first answer, idle ${mib(got.idle_rss_mib)}, ${got.idle_cpu_percent} % CPU`;
    report.add('J5', what, result, '', '<= 0.3 s, <= 40 MiB', got.start_s_median <= 0.3 && got.idle_rss_mib <= 40);
  }
}

async function j6() {
  if (!has('nginx')) return report.skip('J6', 'nginx is missing');
  const port = await freePort();
  const api = `http://127.0.0.1:${port}`;
  const nginx = await serve('sh', [join(kit, 'servers', 'nginx_api.sh'), data, String(port), join(work, 'nginx')], `${api}/api/page-1.json`);
  const table = join(work, 'people.db');
  const ask = (sql) => run('python3', ['-c', 'import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\nprint(*[r for r in c.execute(sys.argv[2])])\nc.commit()', table, sql]).trim();
  ask('create table people (id integer primary key, updated_at integer, name text, email text, country text, amount_cents integer, active integer)');
  try {
    const server = await serveArna(['j6'], 'j6', { set: [`api=${api}`, `out=${table}`], body: '{}' });
    const got = lastJson(python('drivers/time_post.py', '--pid', String(server.pid), '--url', server.url, '--n', '5', '--warm', '1'));
    await server.stop();
    const rows = ask('select count(*), sum(updated_at) from people');
    report.add('J6', '100 pages into a table', `${ms(got.wall_ms_median)}, ${mib(got.rss_mib)}`, '', 'the right rows', rows === '(9526, 48773721)', `rows and sum ${rows}`);
  } finally {
    await nginx.stop();
  }
}

async function j7() {
  const [port, sinkPort] = [await freePort(), await freePort()];
  const parts = [arna, 'serve', '--data', join(work, 'data-j7'), '--hooks', `127.0.0.1:${port}`, '--flow', flow('j7'), '--set', `sink=http://127.0.0.1:${sinkPort}`];
  const args = ['--start', parts.join(' '), '--url', `http://127.0.0.1:${port}/hooks/j7`, '--sink', join(kept, 'sink'), '--sink-port', String(sinkPort)];
  const more = ['--work', join(work, 'j7'), '--orders', orders, '--kills', options.kills, '--rate', '200', '--up', '1.5', '--settle', '10'];
  const got = lastJson(python('drivers/reliability.py', ...args, ...more));
  const result = `${number(got.accepted)} accepted, ${got.lost} lost, ${got.twice} repeated, ${got.twice_unkeyed} of them without the same key, start ${got.start_s_median} s`;
  report.add('J7', `${options.kills} x kill -9 under load`, result, '', '0 lost, 0 repeated without a key', got.lost === 0 && got.twice_unkeyed === 0 && got.accepted > 0);
}

function formulas() {
  for (const it of measured()) {
    const beside = it.theirs_ns === undefined ? '' : ` (dsntk ${it.theirs_ns.toFixed(0)} ns)`;
    report.add('formula', it.name, `${it.ours_ns.toFixed(1)} ns${beside}`, it.ratio ? ratio(it.ratio) : '', it.goal_ns ? `<= ${it.goal_ns} ns` : '', it.is_met);
  }
}

prepare();
const jobs = { j1, j2, j3, j4, j5, j6, j7, formulas };
for (const [name, job] of Object.entries(jobs)) {
  if (!wanted(name)) continue;
  console.log(`-- ${name}`);
  try {
    await job();
  } catch (error) {
    report.broken(name.toUpperCase(), error.message);
  }
}
const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release()}`;
const text = report.text({ machine, commit, when: new Date().toISOString().slice(0, 10), repeat: options.repeat, secs: options.secs });
console.log(`\n${text}`);
if (options.save) writeFileSync(resolve(root, options.save), text);
process.exitCode = report.isGood() ? 0 : 1;
