// Everything that must hold before a change is taken: form, lints, layers, generated files, tests in Rust, the editor, the browser.
// `--full` adds the long ones. The last line counts what passed and failed.

import { join } from 'node:path';

import { browser, buildTools, editorPackages, postgresPrograms, pythonServers, testTools } from './install.mjs';
import { built, root, step, Tally, there } from './steps.mjs';

const isFull = process.argv.includes('--full');
const ui = join(root, 'ui');
const tally = new Tally();

/** A check counts as one test of its own. */
async function check(name, program, args, options = {}) {
  const ok = await step(name, program, args, { ...options, tally });
  if (ok) tally.add(1, 0);
  return ok;
}

async function main() {
  await buildTools();
  await testTools();
  const python = await pythonServers();
  await editorPackages();
  const env = {
    ARNA_BIN: built('arna', 'debug'),
    ARNA_BROWSER: browser() ?? '',
    ARNA_POSTGRES: postgresPrograms() ?? '',
    ARNA_PYTHON: python,
    ARNA_FULL: isFull ? '1' : '',
  };
  await check('sizes of files', 'node', ['tests/tools/sizes.mjs']);
  await check('cargo fmt', 'cargo', ['fmt', '--all', '--check']);
  await check('clippy', 'cargo', ['clippy', '--workspace', '--all-targets', '--locked', '--', '-D', 'warnings']);
  await check('layers', 'cargo', ['xtask', 'layers']);
  await check('generated files', 'cargo', ['xtask', 'gen', '--check']);
  const isBuilt = await check('arna', 'cargo', ['build', '--locked', '-p', 'arna-cli']);
  await step('cargo test', 'cargo', ['test', '--workspace', '--locked', '--no-fail-fast'], { env, tally });
  if (isFull) {
    const long = ['test', '--workspace', '--locked', '--no-fail-fast', '--', '--ignored'];
    await step('cargo test, the long ones', 'cargo', long, { env, tally });
    await check('fuzzing of formulas, 10,000,000 executions a target', 'node', ['tests/tools/fuzz.mjs']);
  }
  if (there('ui', 'package.json')) await editor(env, isBuilt);
}

async function editor(env, isBuilt) {
  await check('editor: lint and types', 'npm', ['run', '--silent', 'check'], { cwd: ui });
  await step('editor: tests', 'npx', ['--no-install', 'vitest', 'run'], { cwd: ui, tally });
  const isBundled = await check('editor: build', 'npm', ['run', '--silent', 'build'], { cwd: ui });
  if (!there('tests', 'ui', 'playwright.config.ts')) return;
  if (isBuilt && isBundled) {
    await step('browser', 'npm', ['run', '--silent', 'test:browser'], { cwd: ui, env, tally });
  } else {
    console.log('-- browser: not run, for what it needs could not be built');
    tally.add(0, 1);
  }
}

try {
  await main();
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error));
  tally.add(0, 1);
}
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed > 0 ? 1 : 0);
