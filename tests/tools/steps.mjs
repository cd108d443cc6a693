// What the chores share: where things are, running a program with a short progress line, counting tests in what it prints.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'arna');
export const target = process.env.CARGO_TARGET_DIR || join(root, 'target');
export const isWindows = process.platform === 'win32';

/** The last lines of a step that failed, and the lines from each sign of a failure on, however long ago it was. */
const KEPT_LINES = 100;
const LINES_OF_A_FAILURE = 40;
const MOST_LINES_OF_FAILURES = 600;
const FAILURE = /^---- |panicked at|^error|\bFAILED\b|✘|^\s*not ok|^\s+\d+\) /;
const STILL_AT_IT_MS = 60_000;

/** Whether a program is on the path. */
export function has(program) {
  const asked = spawnSync(isWindows ? 'where' : 'which', [program], { stdio: 'ignore' });
  return asked.status === 0;
}

/** A program of ours in the target folder. */
export function built(name, profile) {
  return join(target, profile, isWindows ? `${name}.exe` : name);
}

/** Runs a program, hands each printed line to `line`, and settles with its exit code. */
export function run(program, args, { cwd = root, env = {}, line = console.log } = {}) {
  return new Promise((settle) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: isWindows,
    });
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        lines.forEach(line);
      });
      stream.on('end', () => rest && line(rest));
    }
    child.on('error', (error) => {
      line(`${program} cannot be started: ${error.message}`);
      settle(127);
    });
    child.on('close', (code, signal) => settle(code ?? (signal ? 128 : 1)));
  });
}

/** Tests that passed and failed, read from the summary lines of cargo, vitest, Playwright and node. */
export class Tally {
  passed = 0;
  failed = 0;

  read(line) {
    const text = line.replace(/\u001b\[[0-9;]*m/g, '');
    const cargo = /^test result: .*?(\d+) passed; (\d+) failed/.exec(text);
    if (cargo) return this.add(cargo[1], cargo[2]);
    const vitest = /^\s*Tests\s+(?:(\d+) failed\s*\|\s*)?(\d+) passed/.exec(text);
    if (vitest) return this.add(vitest[2], vitest[1]);
    const node = /^\S+ (pass|fail) (\d+)$/.exec(text);
    if (node) return node[1] === 'pass' ? this.add(node[2], 0) : this.add(0, node[2]);
    const playwright = /^\s+(\d+) (passed|failed|flaky)\b/.exec(text);
    if (playwright) {
      return playwright[2] === 'passed' ? this.add(playwright[1], 0) : this.add(0, playwright[1]);
    }
    return undefined;
  }

  add(passed, failed) {
    this.passed += Number(passed ?? 0);
    this.failed += Number(failed ?? 0);
  }
}

/** Runs one named step quietly: a line when it begins, a line when it ends, its last lines when it fails. */
export async function step(name, program, args, { cwd, env, tally } = {}) {
  const began = Date.now();
  const kept = [];
  const failures = [];
  let following = 0;
  console.log(`-- ${name}`);
  const waiting = setInterval(() => {
    const last = kept.at(-1)?.trim().slice(0, 100) ?? '';
    console.log(`   ${name}: ${seconds(began)}, ${last}`);
  }, STILL_AT_IT_MS);
  const failedBefore = tally?.failed ?? 0;
  const code = await run(program, args, {
    cwd,
    env,
    line: (line) => {
      tally?.read(line);
      kept.push(line);
      if (kept.length <= KEPT_LINES) return;
      const oldest = kept.shift() ?? '';
      // what falls out of the last lines is kept when it tells of a failure
      if (FAILURE.test(oldest)) following = LINES_OF_A_FAILURE;
      if (following-- > 0 && failures.length < MOST_LINES_OF_FAILURES) failures.push(oldest);
    },
  });
  clearInterval(waiting);
  if (code === 0) {
    console.log(`   ${name}: ok, ${seconds(began)}`);
    return true;
  }
  console.log([...failures, ...kept].join('\n'));
  console.log(`   ${name}: FAILED with exit code ${code}, ${seconds(began)}`);
  if (tally && tally.failed === failedBefore) tally.add(0, 1);
  return false;
}

/** Whether a path below the top exists. */
export function there(...parts) {
  return existsSync(join(root, ...parts));
}

function seconds(began) {
  return `${Math.round((Date.now() - began) / 1000)} s`;
}
