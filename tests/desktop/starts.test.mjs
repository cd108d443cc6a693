// How the program comes to be on the screen: opened with a flow file, started a second time, started with the session.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { family, hasPage } from './desktop.mjs';
import { desktopSteps } from './steps.mjs';
import { until } from './webdriver.mjs';

const step = desktopSteps();
const flows = join(import.meta.dirname, '..', '..', 'flows');
let program;
let page;

step('a first start with a flow file shows that flow, and nothing of it runs before it is allowed', async (desktop) => {
  program = desktop.open(join(flows, 'branch-reports', 'flow.json'));
  page = await desktop.page();
  await page.seen("//*[@role='dialog'][contains(., 'Reports of the branches')]");
  const { flows: all } = await page.command('flows.list');
  assert.deepEqual(all.map((it) => [it.name, it.armed]), [['Reports of the branches', false]]);
  assert.deepEqual((await page.command('runs.list', { flow: all[0].id })).runs, []);
  await page.click("//*[@role='dialog']//button[normalize-space(.)='Open on the canvas']");
  await until('the canvas of the flow', async () => (await page.route()) === `/flow/${all[0].id}`);
  await page.seen("//*[contains(@class, 'react-flow__node')]");
});

step('a second start leaves one window and one engine', async (desktop) => {
  const [window] = await desktop.windows();
  const { started_ms } = await desktop.command('health');
  assert.equal(desktop.holder(), program.pid, 'the first start holds the data folder');
  const second = desktop.open();
  assert.equal(await second.ended, 0, 'the second start ends by itself');
  assert.deepEqual(await desktop.windows(), [window]);
  assert.equal(desktop.holder(), program.pid);
  assert.equal((await desktop.command('health')).started_ms, started_ms);
});

step('a second start shows the window again that was closed', async (desktop) => {
  const { started_ms } = await desktop.command('health');
  await desktop.close(program);
  assert.equal(await desktop.open().ended, 0);
  await until('the window of the first', async () => (await desktop.windows()).length === 1);
  await until('the page of the first start', () => hasPage(program));
  assert.equal(desktop.holder(), program.pid);
  assert.equal((await desktop.command('health')).started_ms, started_ms);
});

step('a window that dies takes no engine along, and the next start shows a new one', async (desktop) => {
  const { started_ms } = await desktop.command('health');
  const apart = family(program.pid).find((it) => it.pid !== program.pid && /^arna-desktop|^exe$/.test(it.name));
  assert.ok(apart, 'the window is a process of its own');
  process.kill(apart.pid, 'SIGKILL');
  await until('the end of the window', async () => (await desktop.windows()).length === 0);
  await until('the end of the page', () => !hasPage(program));
  assert.equal((await desktop.command('health')).started_ms, started_ms);
  assert.equal(await desktop.open().ended, 0);
  page = await desktop.page();
  await page.seen('//nav');
});

step('the switch for the start with the session writes its entry and removes it', async (desktop) => {
  const entry = join(desktop.env.XDG_CONFIG_HOME, 'autostart', 'Arna.desktop');
  const turned = (on) => `//button[@role='switch'][@aria-label='Start with the session'][@aria-checked='${on}']`;
  await page.run("() => { location.hash = '#/settings'; }");
  await page.click(turned(false));
  await page.seen(turned(true));
  const text = readFileSync(entry, 'utf8');
  assert.match(text, /^\[Desktop Entry\]$/m);
  const started = /^Exec=(.+)$/m.exec(text)?.[1];
  assert.equal(started, `${process.env.ARNA_DESKTOP_BIN} --hidden`);
  await page.run('() => location.reload()');
  await page.click(turned(true));
  await page.seen(turned(false));
  assert.equal(existsSync(entry), false);
});

step('a start with the session stays in the tray until the window is asked for', async (desktop) => {
  await desktop.ask({ choose: 'Quit Arna' });
  assert.equal(await program.ended, 0);
  desktop.tray = undefined;
  program = desktop.open('--hidden');
  await until('the tray', () => desktop.tray);
  await until('the words of the tray', async () => (await desktop.ask({ labels: true })).includes('Open Arna'));
  await until('the engine', async () => (await desktop.command('health')).version);
  assert.deepEqual(await desktop.windows(), []);
  assert.equal(hasPage(program), false);
  await desktop.ask({ choose: 'Open Arna' });
  await until('the window', async () => (await desktop.windows()).length === 1);
});
