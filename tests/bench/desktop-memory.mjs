// What the desktop program costs while its window is closed: the proportional share of memory (PSS) of the whole process tree.
// `node tests/bench/desktop-memory.mjs` builds the release program first; `--json` prints one object; `--built` measures what is there.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { Desktop, family } from '../desktop/desktop.mjs';
import { until } from '../desktop/webdriver.mjs';
import { built, root, step } from '../tools/steps.mjs';

const MIB = 1 << 20;
const LIMIT_MIB = 120;
/** Memory is given back over some seconds; what it settles at counts. */
const SETTLES_MS = 10_000;

const isJson = process.argv.includes('--json');
const program = process.env.ARNA_DESKTOP_BIN ?? built('arna-desktop', 'release');
process.env.ARNA_DESKTOP_BIN = program;

if (!process.argv.includes('--built')) {
  const done =
    (await step('editor', 'npm', ['run', '--silent', 'build'], { cwd: join(root, 'ui') })) &&
    (await step('desktop', 'cargo', ['build', '--release', '--locked', '-p', 'arna-desktop']));
  if (!done) process.exit(1);
}
if (!existsSync(program)) {
  console.log(`${program} is not built`);
  process.exit(1);
}

const mib = (rows) => Math.round((rows.reduce((sum, it) => sum + it.pss_bytes, 0) / MIB) * 10) / 10;
const least = async (pid) => {
  const end = Date.now() + SETTLES_MS;
  let rows = family(pid);
  await until(
    'the end of the wait',
    () => {
      const now = family(pid);
      if (mib(now) < mib(rows)) rows = now;
      return Date.now() > end;
    },
    SETTLES_MS * 2,
  );
  return rows;
};

const desktop = await Desktop.start();
try {
  const running = desktop.open();
  const page = await desktop.page();
  await page.seen('//nav');
  await page.run("() => { location.hash = '#/gallery'; }");
  await page.seen('//article');
  const open = await least(running.pid);
  await page.leave();
  await desktop.x('key', 'ctrl+w');
  await until('the end of the window', async () => (await desktop.windows()).length === 0);
  await until('the end of the page', () => !family(running.pid).some((it) => /WebKitWebProc/.test(it.name)));
  const closed = await least(running.pid);
  await desktop.ask({ choose: 'Quit Arna' });
  await running.ended;
  const hidden = desktop.open('--hidden');
  await until('the tray', async () => (await desktop.ask({ labels: true })).length > 0);
  const fresh = await least(hidden.pid);
  const result = { open_mib: mib(open), closed_mib: mib(closed), started_hidden_mib: mib(fresh), limit_mib: LIMIT_MIB };
  if (isJson) {
    console.log(JSON.stringify(result));
  } else {
    const names = (rows) => rows.map((it) => `${it.name} ${mib([it])}`).join(', ');
    console.log(`window closed    ${result.closed_mib} MiB PSS of the process tree (${names(closed)}), ${LIMIT_MIB} at most`);
    console.log(`started hidden   ${result.started_hidden_mib} MiB (${names(fresh)})`);
    console.log(`window open      ${result.open_mib} MiB (${names(open)})`);
  }
  process.exitCode = result.closed_mib <= LIMIT_MIB ? 0 : 1;
} finally {
  await desktop.end();
}
