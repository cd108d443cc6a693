// What the measurements share: programs that are run or kept running, free ports, numbers. Every program started here is dead at the end.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Files of this run alone; gone at its end. */
export const work = mkdtempSync(join(tmpdir(), 'arna-bench-'));
const groups = new Set();

/** Ends a whole group of processes: a server and whatever it started. */
function end(group, signal) {
  try {
    process.kill(-group, signal);
  } catch {
    // it has ended by itself
  }
}

export function stopAll() {
  for (const group of groups) end(group, 'SIGKILL');
  groups.clear();
  rmSync(work, { recursive: true, force: true });
}
process.on('exit', stopAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

export const pause = (wait_ms) => new Promise((resume) => setTimeout(resume, wait_ms));
export const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
export const lastJson = (text) => JSON.parse(text.trim().split('\n').filter((it) => it.startsWith('{')).at(-1));
export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Runs a program to its end; its output, or an error that says what it printed. Its whole group ends with it. */
export function run(program, args, { env = {}, cwd = root, timeout_s = 600, shown = false } = {}) {
  return new Promise((settle, fail) => {
    const stdio = shown ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'];
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio, detached: true });
    if (child.pid) groups.add(child.pid);
    const said = { out: '', err: '' };
    child.stdout?.on('data', (it) => (said.out += it));
    child.stderr?.on('data', (it) => (said.err += it));
    const late = setTimeout(() => end(child.pid, 'SIGKILL'), timeout_s * 1000);
    const close = (act) => {
      clearTimeout(late);
      if (child.pid) {
        end(child.pid, 'SIGKILL');
        groups.delete(child.pid);
      }
      act();
    };
    child.on('error', (error) => close(() => fail(new Error(`${program} cannot be started: ${error.message}`))));
    child.on('close', (code, signal) =>
      close(() => {
        if (code === 0) return settle(said.out);
        const last = `${said.out}${said.err}`.trim().split('\n').slice(-6).join('\n');
        fail(new Error(`${program} ${args.slice(0, 4).join(' ')} ended with ${code ?? signal}:\n${last}`));
      }),
    );
  });
}

export function freePort() {
  return new Promise((settle, fail) => {
    const server = createServer();
    server.on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => settle(port));
    });
  });
}

let logs = 0;

/** Starts a program that stays, waits until `url` answers, and gives back its number and how to stop it. */
export async function serve(program, args, url, body) {
  logs += 1;
  const log = join(work, `program-${logs}.log`);
  const child = spawn('sh', ['-c', `exec "$0" "$@" > '${log}' 2>&1`, program, ...args], { stdio: 'ignore', detached: true });
  groups.add(child.pid);
  const story = () => (existsSync(log) ? readFileSync(log, 'utf8').slice(-2000) : '');
  const post = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
  for (const started = Date.now(); ; await pause(20)) {
    if (child.exitCode !== null) throw new Error(`${program} ended by itself:\n${story()}`);
    if (Date.now() - started > 30_000) throw new Error(`${program} does not answer at ${url}:\n${story()}`);
    try {
      const answer = await fetch(url, body === undefined ? {} : post);
      await answer.arrayBuffer();
      if (answer.status < 500) break;
    } catch {
      // not yet
    }
  }
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    end(child.pid, 'SIGTERM');
    for (let waited = 0; !hasEnded() && waited < 5_000; waited += 20) await pause(20);
    end(child.pid, 'SIGKILL');
    groups.delete(child.pid);
  };
  return { pid: child.pid, url, stop };
}
