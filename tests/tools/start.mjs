// Starts Arna from the sources: installs what is missing, builds, and opens the window; where there is no display, serves the same editor
// and prints its address. `npm start -- --data DIR` keeps the journal elsewhere; everything after `--` goes to the program.

import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { buildTools, desktopTools, editorPackages } from './install.mjs';
import { built, root, step } from './steps.mjs';

const ADMIN = '127.0.0.1:7421';
const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
const given = process.argv.slice(2);

async function must(name, program, args, options) {
  if (!(await step(name, program, args, options))) process.exit(1);
}

/** Whether the window can be built here; where not, says why and what happens instead. */
async function canOpenWindow() {
  if (!hasDisplay) return false;
  try {
    await desktopTools();
    return true;
  } catch (error) {
    console.log(`${error.message}. Until then the editor is served to the browser.`);
    return false;
  }
}

try {
  await buildTools();
  await editorPackages();
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
await must('editor', 'npm', ['run', '--silent', 'build'], { cwd: join(root, 'ui') });
const gallery = given.includes('--gallery') ? [] : ['--gallery', join(root, 'flows')];
if (await canOpenWindow()) {
  await must('desktop', 'cargo', ['build', '--release', '--locked', '-p', 'arna-desktop']);
  console.log('Arna opens its window. Closing it leaves the flows at work in the tray; Quit is in the tray and in the File menu.');
  begin('arna-desktop', [...gallery, ...given]);
} else {
  await must('engine', 'cargo', ['build', '--release', '--locked', '-p', 'arna-cli']);
  const admin = given.includes('--admin') ? [] : ['--admin', ADMIN];
  begin('arna', ['serve', ...admin, '--ui', join(root, 'ui', 'dist'), ...gallery, ...given]);
}

function begin(name, args) {
  const child = spawn(built(name, 'release'), args, { cwd: root, stdio: 'inherit' });
  child.on('error', (error) => {
    console.log(`${name} cannot be started: ${error.message}`);
    process.exit(1);
  });
  child.on('close', (code) => process.exit(code ?? 0));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
}
