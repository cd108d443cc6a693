// Starts Arna from the sources: installs what is missing, builds the engine and the editor, serves the editor and prints its address.
// `npm start -- --data DIR` keeps the journal elsewhere; everything after `--` goes to `arna serve`.

import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { buildTools, editorPackages } from './install.mjs';
import { built, has, root, step } from './steps.mjs';

const ADMIN = '127.0.0.1:7421';

async function must(name, program, args, options) {
  if (!(await step(name, program, args, options))) process.exit(1);
}

try {
  await buildTools();
  await editorPackages();
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
await must('engine', 'cargo', ['build', '--release', '--locked', '-p', 'arna-cli']);
await must('editor', 'npm', ['run', '--silent', 'build'], { cwd: join(root, 'ui') });

const given = process.argv.slice(2);
const admin = given.includes('--admin') ? [] : ['--admin', ADMIN];
const args = ['serve', ...admin, '--ui', join(root, 'ui', 'dist'), '--gallery', join(root, 'flows'), ...given];
const arna = spawn(built('arna', 'release'), args, { cwd: root, stdio: ['inherit', 'pipe', 'inherit'] });
let isOpened = false;
arna.stdout.setEncoding('utf8');
arna.stdout.on('data', (text) => {
  process.stdout.write(text);
  const address = /http:\/\/\S+#token=\S+/.exec(text)?.[0];
  if (address && !isOpened) {
    isOpened = true;
    open(address);
  }
});
arna.on('error', (error) => {
  console.log(`arna cannot be started: ${error.message}`);
  process.exit(1);
});
arna.on('close', (code) => process.exit(code ?? 0));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => arna.kill(signal));

/** Opens the address in the person's browser where there is a display. */
function open(address) {
  const hasDisplay = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!hasDisplay) return;
  const opener = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[process.platform] ?? ['xdg-open'];
  if (!has(opener[0])) return;
  spawn(opener[0], [...opener.slice(1), address], { stdio: 'ignore', detached: true }).on('error', () => {}).unref();
}
