// The kit beside the project: its data, floors and drivers. It is no part of the project, so it may be missing.

import { cpSync, createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { has, root, run } from './tools.mjs';

export const kit = resolve(process.env.ARNA_BENCH_KIT || join(root, '..', 'shared', 'bench'));
export const isKitThere = () => existsSync(join(kit, 'README.md'));
/** What is made once and kept between runs. */
export const kept = join(process.env.XDG_CACHE_HOME || join(process.env.HOME || tmpdir(), '.cache'), 'arna', 'bench');
export const data = join(kept, 'data');
export const orders = join(data, 'orders_1k.jsonl');
export const firstOrder = () => readFileSync(orders, 'utf8').split('\n', 1)[0];
export const python = (script, ...args) => run('python3', [join(kit, script), ...args], { timeout_s: 900 });
export const floorProgram = join(kept, 'floor', 'release', 'axum_floor');
export const sinkProgram = join(kept, 'sink');

/** Makes data, sink and floor where they are missing. */
export async function prepareKit(rows) {
  for (const tool of ['python3', 'cc', 'cargo']) if (!has(tool)) throw new Error(`${tool} is missing; install it first.`);
  mkdirSync(data, { recursive: true });
  const csv = [...new Set(['10000', '1000000', String(rows)])];
  if (csv.some((it) => !existsSync(join(data, `orders_${it}.csv`))) || !existsSync(orders)) {
    console.error('-- data');
    await python('gen/gen.py', 'all', data, ...csv);
  }
  if (!existsSync(sinkProgram)) await run('cc', ['-O2', '-o', sinkProgram, join(kit, 'servers', 'sink.c')]);
  // built once, in a copy: the kit itself stays as it is
  const source = join(kept, 'floor-source');
  if (existsSync(floorProgram) && existsSync(join(source, 'Cargo.lock'))) return;
  cpSync(join(kit, 'ref', 'axum_floor'), source, { recursive: true });
  const args = ['build', '--release', '--manifest-path', join(source, 'Cargo.toml'), '--target-dir', join(kept, 'floor')];
  await run('cargo', args, { timeout_s: 1_800 });
}

/** The file of J3 so many times over, with one header: too large for memory, yet with known sums. */
export async function severalTimes(rows, times) {
  const whole = join(data, `orders_${rows * times}.csv`);
  const one = join(data, `orders_${rows}.csv`);
  const head = readFileSync(one, 'utf8').indexOf('\n') + 1;
  const size = statSync(one).size;
  if (existsSync(whole) && statSync(whole).size === head + (size - head) * times) return;
  console.error(`-- data, ${rows * times} rows`);
  const part = `${whole}.part`;
  for (let at = 0; at < times; at += 1) {
    const from = createReadStream(one, { start: at === 0 ? 0 : head });
    await pipeline(from, createWriteStream(part, { flags: at === 0 ? 'w' : 'a' }));
  }
  renameSync(part, whole);
}

/** wrk, from the packages of the system. */
export async function ensureWrk() {
  if (has('wrk')) return;
  console.error('-- wrk');
  await run('apt-get', ['install', '-y', '--no-install-recommends', 'wrk'], { timeout_s: 300 });
}

/** A Python with DuckDB, in a folder of its own. */
export async function duckPython() {
  const folder = join(kept, 'venv');
  const program = join(folder, 'bin', 'python');
  if (!existsSync(program)) await run('python3', ['-m', 'venv', folder]);
  const isThere = await run(program, ['-c', 'import duckdb']).then(() => true, () => false);
  if (!isThere) {
    console.error('-- DuckDB');
    await run(program, ['-m', 'pip', 'install', '--quiet', 'duckdb'], { timeout_s: 600 });
  }
  return program;
}

/** The versions of what stands beside us. */
export async function versions() {
  const first = async (program, args) => (await run(program, args).catch(() => '')).trim().split('\n')[0];
  const duck = await first(await duckPython(), ['-c', 'import duckdb; print("DuckDB", duckdb.__version__)']);
  const axum = /name = "axum"\nversion = "([^"]+)"/.exec(readFileSync(join(kept, 'floor-source', 'Cargo.lock'), 'utf8'));
  return [await first('rustc', ['--version']), axum ? `axum ${axum[1]}` : '', duck, `Node ${process.versions.node}`].filter(Boolean);
}
