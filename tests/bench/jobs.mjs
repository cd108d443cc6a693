// The jobs J1 to J7, each beside its floor where it has one, each answer judged by the kit.

import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { data, duckPython, ensureWrk, firstOrder, floorProgram, kit, orders, python, severalTimes, sinkProgram } from './kit.mjs';
import { mib, ms, number, seconds } from './report.mjs';
import { freePort, has, lastJson, median, pause, root, run, serve, work } from './tools.mjs';

export const flow = (name) => join(root, 'tests', 'bench', `${name}.flow.json`);
const freshFolder = () => mkdtempSync(join(work, 'data-'));

/** Serves flows with what they need filled in, until their hook answers. */
async function serveArna(arna, name, { set = [], body = firstOrder(), hook = name } = {}) {
  const port = await freePort();
  const filled = set.flatMap((it) => ['--set', it]);
  const args = ['serve', '--data', freshFolder(), '--hooks', `127.0.0.1:${port}`, '--flow', flow(name), ...filled];
  return serve(arna, args, `http://127.0.0.1:${port}/hooks/${hook}`, body);
}

/** Requests a second at 64 connections, once. */
async function load(server, label, secs, more = []) {
  const args = ['--pid', String(server.pid), '--url', server.url, '--orders', orders, '--conns', '64', '--label', label];
  const text = await python('drivers/bench_http.py', ...args, '--secs', String(secs), '--repeat', '1', '--warm', '1', ...more);
  return lastJson(text.split('\n').filter((it) => !it.startsWith('MEDIAN')).join('\n'));
}

const count = async (sink) => Number(await (await fetch(`${sink}/count`)).text());

/** Waits until the sink gets no more calls. */
async function drained(sink) {
  for (let before = -1, now = await count(sink), waited = 0; before !== now && waited < 120; waited += 1) {
    await pause(1_000);
    [before, now] = [now, await count(sink)];
  }
}

/** J1 and J2 beside the plain server: all of them one after another, several rounds, so that each ratio is of its own round. */
export async function webhooks(report, arna, options, wanted) {
  await ensureWrk();
  const servers = {};
  try {
    await rounds(report, arna, servers, options, wanted);
  } finally {
    for (const server of Object.values(servers)) await server.stop();
  }
}

async function rounds(report, arna, servers, { secs, repeat }, wanted) {
  const sink = `http://127.0.0.1:${await freePort()}`;
  const port = await freePort();
  servers.floor = await serve(floorProgram, [String(port)], `http://127.0.0.1:${port}/j1`, firstOrder());
  servers.sink = await serve(sinkProgram, [new URL(sink).port], `${sink}/count`);
  const jobs = [];
  const said = {};
  if (wanted('j1')) {
    jobs.push(['j1', 'J1', 'webhook, map, answer; durable', 0.27], ['j1-volatile', 'J1', 'the same, volatile', 0.5]);
    servers.j1 = await serveArna(arna, 'j1');
    servers['j1-volatile'] = await serveArna(arna, 'j1-volatile', { hook: 'j1v' });
    for (const name of ['j1', 'j1-volatile']) said[name] = await python('drivers/check_j1.py', servers[name].url, orders, '200');
  }
  if (wanted('j2')) {
    jobs.push(['j2', 'J2', 'webhook, stored, one call', 0.1]);
    servers.j2 = await serveArna(arna, 'j2', { set: [`sink=${sink}`] });
  }
  const got = Object.fromEntries(['floor', ...jobs.map((it) => it[0])].map((it) => [it, []]));
  for (let round = 0; round < repeat; round += 1) {
    for (const name of Object.keys(got)) {
      got[name].push(await load(servers[name], name, secs));
      if (name === 'j2') await drained(sink);
    }
  }
  const middle = (name, field) => median(got[name].map((it) => it[field]));
  const shown = (name) => `${number(middle(name, 'rps'))} req/s, p99 ${ms(middle(name, 'p99_ms'))}, ${(1000 * middle(name, 'cpu_ms_per_req')).toFixed(0)} us CPU`;
  for (const [name, job, what, least] of jobs) {
    const ratio = median(got[name].map((it, round) => it.rps / got.floor[round].rps));
    const refused = got[name].reduce((sum, it) => sum + it.non2xx, 0);
    if (name === 'j2') said.j2 = `${number(await count(sink))} calls reached the sink`;
    report.add({
      job,
      what,
      ours: `${shown(name)}, ${mib(Math.max(...got[name].map((it) => it.rss_mib)))}`,
      floor: `axum ${shown('floor')}`,
      ratio,
      goal: `>= ${least} of axum`,
      isMet: ratio >= least && refused === 0,
      judged: `${what}: ${said[name]}; refused ${refused}`,
      values: { rps: got[name].map((it) => it.rps), floor_rps: got.floor.map((it) => it.rps), cpu_ms: got[name].map((it) => it.cpu_ms_per_req) },
    });
  }
}

/** J3: the CSV, beside DuckDB; then ten times as many rows. */
export async function j3(report, arna, { rows, repeat }) {
  const duck = await duckPython();
  const folders = { duck: join(work, 'j3-duck'), arna: join(work, 'j3-arna') };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  const measure = async (label, ...command) => {
    const log = join(work, `${label}.log`);
    const got = lastJson(await python('drivers/measure.py', '--label', label, '--timeout', '300', '--log', log, '--', ...command));
    if (got.rc !== 0) throw new Error(`${label} ended with ${got.rc}: ${readFileSync(log, 'utf8').slice(-600)}`);
    return got;
  };
  const both = async (count) => {
    const set = [`data=${data}`, `out=${folders.arna}`, `rows=${count}`].flatMap((it) => ['--set', it]);
    const csv = join(data, `orders_${count}.csv`);
    const floor = await measure('duck', duck, join(kit, 'ref', 'j3_duckdb.py'), csv, join(data, 'customers.json'), folders.duck);
    return { floor, ours: await measure('arna', arna, 'run', flow('j3'), ...set) };
  };
  const judge = () => python('drivers/check_j3.py', folders.duck, folders.arna);
  const turns = [];
  for (let turn = 0; turn < repeat; turn += 1) turns.push(await both(rows));
  const of = (side, field) => median(turns.map((it) => it[side][field]));
  const shown = (side) => `${seconds(of(side, 'wall_s'))}, CPU ${seconds(of(side, 'cpu_s'))}, ${mib(of(side, 'max_single_rss_mib'))}`;
  const ratio = median(turns.map((it) => it.ours.wall_s / it.floor.wall_s));
  const peak = Math.max(...turns.map((it) => it.ours.max_single_rss_mib));
  report.add({
    job: 'J3',
    what: `CSV ${number(rows)} x 12, filter, join, two sums`,
    ours: shown('ours'),
    floor: `DuckDB ${shown('floor')}`,
    ratio,
    goal: '<= 2 x DuckDB, <= 96 MiB',
    isMet: ratio <= 2 && peak <= 96,
    judged: await judge(),
    values: { turns },
  });
  await severalTimes(rows, 10);
  const large = await both(rows * 10);
  const growth = large.ours.max_single_rss_mib / peak;
  report.add({
    job: 'J3',
    what: `${number(rows * 10)} rows`,
    ours: `${seconds(large.ours.wall_s)}, CPU ${seconds(large.ours.cpu_s)}, ${mib(large.ours.max_single_rss_mib)}`,
    floor: `DuckDB ${seconds(large.floor.wall_s)}, CPU ${seconds(large.floor.cpu_s)}, ${mib(large.floor.max_single_rss_mib)}`,
    ratio: large.ours.wall_s / large.floor.wall_s,
    goal: `peak within 10 % of ${mib(peak)}`,
    isMet: growth <= 1.1,
    judged: await judge(),
    values: large,
  });
}

export async function j4(report, arna) {
  const items = join(data, 'items_1000.json');
  const server = await serveArna(arna, 'j4', { body: readFileSync(items, 'utf8') });
  const got = lastJson(await python('drivers/time_post.py', '--pid', String(server.pid), '--url', server.url, '--body', items, '--n', '21', '--warm', '3'));
  await server.stop();
  report.add({
    job: 'J4',
    what: '100 steps x 1,000 records, a run',
    ours: `${ms(got.wall_ms_median)}, CPU ${ms(got.cpu_ms_mean)}, ${mib(got.rss_mib)}`,
    goal: '<= 20 ms',
    isMet: got.wall_ms_median <= 20 && got.answer.includes('1000'),
    judged: `answer ${got.answer}`,
    values: got,
  });
}

/** One flow with a webhook and an hourly schedule. */
function hourly(place) {
  const document = JSON.parse(readFileSync(flow('j5'), 'utf8'));
  const goes = (node) => node.startsWith('hour_') && node !== 'hour_1';
  const only = (map) => Object.fromEntries(Object.entries(map ?? {}).filter(([node]) => !goes(node)));
  document.name = `J5 hourly ${place}`;
  document.nodes = only(document.nodes);
  document.layout = only(document.layout);
  document.wires = document.wires.filter((wire) => !goes(wire[0].split('.')[0]));
  document.nodes.order.config.path = `j5-${place}`;
  document.nodes.hour_1.config.cron = `${place} * * * *`;
  delete document.cases;
  const path = join(work, `hourly-${place}.flow.json`);
  writeFileSync(path, JSON.stringify(document));
  return path;
}

export async function j5(report, arna) {
  const fifty = Array.from({ length: 50 }, (_, place) => ['--flow', hourly(place)]).flat();
  const measured = [
    ['one flow of 50 schedules', ['--flow', flow('j5')], 'j5'],
    ['50 flows, each hourly and with a webhook', fifty, 'j5-49'],
  ];
  for (const [what, files, hook] of measured) {
    const port = await freePort();
    const command = [arna, 'serve', '--data', freshFolder(), '--hooks', `127.0.0.1:${port}`, ...files].map((it) => `'${it}'`).join(' ');
    const url = `http://127.0.0.1:${port}/hooks/${hook}`;
    const got = lastJson(await python('drivers/cold_start.py', '--start', command, '--url', url, '--orders', orders, '--runs', '5', '--idle', '5'));
    report.add({
      job: 'J5',
      what,
      ours: `${seconds(got.start_s_median)} to the first answer, idle ${mib(got.idle_rss_mib)}, ${got.idle_cpu_percent} % CPU`,
      goal: '<= 0.3 s, <= 40 MiB',
      isMet: got.start_s_median <= 0.3 && got.idle_rss_mib <= 40,
      values: got,
    });
  }
}

export async function j6(report, arna) {
  if (!has('nginx')) return report.skip('J6', 'nginx is missing');
  const port = await freePort();
  const api = `http://127.0.0.1:${port}`;
  const nginx = await serve('sh', [join(kit, 'servers', 'nginx_api.sh'), data, String(port), join(work, 'nginx')], `${api}/api/page-1.json`);
  // a database is never made by a slip of the pen: the file is there, empty, and the step makes its table
  const table = join(work, 'people.db');
  writeFileSync(table, '');
  const server = await serveArna(arna, 'j6', { set: [`api=${api}`, `out=${table}`], body: '{}' });
  const got = lastJson(await python('drivers/time_post.py', '--pid', String(server.pid), '--url', server.url, '--n', '7', '--warm', '1'));
  await server.stop();
  await nginx.stop();
  const ask = 'import sqlite3,sys\nprint(*sqlite3.connect(sys.argv[1]).execute("select count(*), sum(updated_at) from people"))';
  const rows = (await run('python3', ['-c', ask, table])).trim();
  report.add({
    job: 'J6',
    what: '100 pages by the field next, newest of each id, into a table',
    ours: `${ms(got.wall_ms_median)}, CPU ${ms(got.cpu_ms_mean)}, ${mib(got.rss_mib)}`,
    goal: '9,526 rows, sum 48773721',
    isMet: rows === '(9526, 48773721)',
    judged: `rows and sum ${rows}, answer ${got.answer}`,
    values: got,
  });
}

export async function j7(report, arna, { kills }) {
  const [port, sinkPort] = [await freePort(), await freePort()];
  const parts = [arna, 'serve', '--data', join(work, 'data-j7'), '--hooks', `127.0.0.1:${port}`, '--flow', flow('j7'), '--set', `sink=http://127.0.0.1:${sinkPort}`];
  const args = ['--start', parts.join(' '), '--url', `http://127.0.0.1:${port}/hooks/j7`, '--sink', sinkProgram, '--sink-port', String(sinkPort)];
  const more = ['--work', join(work, 'j7'), '--orders', orders, '--kills', String(kills), '--rate', '200', '--up', '1.5', '--settle', '10'];
  const got = lastJson(await python('drivers/reliability.py', ...args, ...more));
  report.add({
    job: 'J7',
    what: `${kills} x kill -9 under load`,
    ours: `${number(got.accepted)} accepted, ${got.lost} lost, ${got.twice} repeated, ${got.twice_unkeyed} of them without the same key, start ${seconds(got.start_s_median)}`,
    goal: '0 lost, 0 repeated without a key',
    isMet: got.lost === 0 && got.twice_unkeyed === 0 && got.accepted > 0,
    values: got,
  });
}

/** Formulas over a record, beside another engine of the same language; needs no kit. */
export async function formulas(report) {
  const { measured } = await import(join(root, 'tests', 'bench', 'formula.mjs'));
  for (const row of measured()) {
    report.add({
      job: 'formula',
      what: row.name,
      ours: `${row.ours_ns.toFixed(1)} ns`,
      floor: row.theirs_ns === undefined ? undefined : `dsntk ${row.theirs_ns.toFixed(1)} ns`,
      ratio: row.ratio,
      goal: row.goal_ns === undefined ? undefined : `<= ${row.goal_ns} ns`,
      isMet: row.is_met,
      values: row,
    });
  }
}
