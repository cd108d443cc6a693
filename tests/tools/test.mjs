// Everything that must hold before a change is taken: form, lints, layers, generated files, tests in Rust, the editor, the browser.
// `--full` makes the proofs large, adds the long ones and writes docs/proof.md. The last line counts what passed and failed.

import { join } from 'node:path';

import { browser, buildTools, desktopTools, editorPackages, postgresPrograms, pythonServers, testTools } from './install.mjs';
import { commit, emptyFile, writeProof } from './proof.mjs';
import { built, root, step, Tally, there } from './steps.mjs';

const isFull = process.argv.includes('--full');
const ui = join(root, 'ui');
const tally = new Tally();
const began = Date.now();
const tested = commit();
const proofs = isFull ? emptyFile() : '';

/** A check counts as one test of its own. */
async function check(name, program, args, options = {}) {
  const ok = await step(name, program, args, { ...options, tally });
  if (ok) tally.add(1, 0);
  return ok;
}

async function main() {
  await buildTools();
  await desktopTools();
  await testTools();
  const python = await pythonServers();
  await editorPackages();
  const env = {
    ARNA_BIN: built('arna', 'debug'),
    ARNA_DESKTOP_BIN: built('arna-desktop', 'debug'),
    ARNA_BROWSER: browser() ?? '',
    ARNA_POSTGRES: postgresPrograms() ?? '',
    ARNA_PYTHON: python,
    ARNA_FULL: isFull ? '1' : '',
    ARNA_PROOF: proofs,
    // no engine of a test puts its key into the keychain of whoever runs the tests; those that need a session start one
    DBUS_SESSION_BUS_ADDRESS: 'disabled:',
  };
  await check('sizes of files', 'node', ['tests/tools/sizes.mjs']);
  await check('cargo fmt', 'cargo', ['fmt', '--all', '--check']);
  // first, for the desktop program carries the built editor inside
  const isBundled = await editor();
  await check('clippy', 'cargo', ['clippy', '--workspace', '--all-targets', '--locked', '--', '-D', 'warnings']);
  // all at once: asked for one by one, programs with other features of the same crates would build those crates again
  const isBuilt = await check('build', 'cargo', ['build', '--workspace', '--all-targets', '--locked']);
  const xtask = built('arna-xtask', 'debug');
  await check('layers', xtask, ['layers']);
  await check('generated files', xtask, ['gen', '--check']);
  await step('cargo test', 'cargo', ['test', '--workspace', '--locked', '--no-fail-fast'], { env, tally });
  if (isFull) {
    const long = ['test', '--workspace', '--locked', '--no-fail-fast', '--', '--ignored'];
    await step('cargo test, the long ones', 'cargo', long, { env, tally });
  }
  if (!isBuilt || !isBundled) {
    console.log('-- browser and window: not run, for what they need could not be built');
    tally.add(0, 1);
    return;
  }
  const window = join('tests', 'desktop', 'desktop.test.mjs');
  await step('window', 'node', ['--test', '--test-reporter=spec', window], { env, tally });
  if (there('tests', 'ui', 'playwright.config.ts')) {
    await step('browser', 'npm', ['run', '--silent', 'test:browser'], { cwd: ui, env, tally });
  }
}

/** What takes longest comes last: whatever else is wrong is known by then. */
async function fuzz() {
  await check('fuzzing of formulas, 10,000,000 executions a target', 'node', ['tests/tools/fuzz.mjs'], { env: { ARNA_PROOF: proofs } });
}

/** Checks, tests and builds the editor; whether it is built. */
async function editor() {
  await check('editor: lint and types', 'npm', ['run', '--silent', 'check'], { cwd: ui });
  await step('editor: tests', 'npx', ['--no-install', 'vitest', 'run'], { cwd: ui, tally });
  return check('editor: build', 'npm', ['run', '--silent', 'build'], { cwd: ui });
}

try {
  await main();
  if (isFull) await fuzz();
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error));
  tally.add(0, 1);
}
if (isFull) writeProof(proofs, { tested, began, tally });
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed > 0 ? 1 : 0);
