// A desktop program beside an engine that holds the data folder already: it shows that one, and leaves it at work.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { PAINTED_BYTES } from './desktop.mjs';
import { desktopSteps } from './steps.mjs';
import { until } from './webdriver.mjs';

const step = desktopSteps();
let engine;
let program;
let page;
/** The file that the flow of the engine writes every second. */
let beat;

const beats = async (when) => {
  rmSync(beat, { force: true });
  await until(`a beat ${when}`, () => existsSync(beat));
};

step('the window shows the flows of the engine that holds the data folder', async (desktop) => {
  mkdirSync(desktop.data, { recursive: true, mode: 0o700 });
  engine = await desktop.serve();
  beat = join(desktop.folder, 'beat', 'beat.json');
  const flow = await desktop.armed('Beat of the other', 'json.write', beat);
  program = desktop.open();
  page = await desktop.page();
  await page.run("() => { location.hash = '#/flows'; }");
  await page.seen("//main//*[contains(text(), 'Beat of the other')]");
  assert.equal(desktop.holder(), engine.pid, 'the desktop program opened no engine of its own');
  const asked = await page.command('health');
  assert.equal(asked.started_ms, (await desktop.command('health')).started_ms);
  await page.run('(flow) => { location.hash = `#/flow/${flow}`; }', flow);
  await page.seen("//*[contains(@class, 'react-flow__node')]");
  await desktop.picture('attached to an engine', PAINTED_BYTES);
});

step('the tray pauses the engine of the other process and lets it go on', async (desktop) => {
  await until('the words of the tray', async () => (await desktop.ask({ labels: true })).includes('Pause'));
  await desktop.ask({ choose: 'Pause' });
  await until('the pause', async () => (await desktop.command('health')).paused);
  await until('the pause in the tray', async () => (await desktop.ask({ labels: true })).includes('Resume'));
  await desktop.ask({ choose: 'Resume' });
  await until('the end of the pause', async () => !(await desktop.command('health')).paused);
});

step('the window says when that engine is gone, and goes on when it is back', async (desktop) => {
  const banner = "//*[@role='alert'][contains(., 'The engine does not answer')]";
  engine.kill('SIGTERM');
  await engine.ended;
  await page.seen(banner);
  assert.equal(desktop.holder(), undefined, 'the desktop program does not take its place');
  await assert.rejects(page.command('flows.list'), /The engine that held the data folder is gone/);
  engine = await desktop.serve();
  await until('the end of the banner', () => page.find(banner).then(() => false, () => true));
  assert.equal((await page.command('flows.list')).flows[0].name, 'Beat of the other');
});

step('that engine goes on when the window is closed, and its alerts become notices', async (desktop) => {
  await desktop.close(program);
  await beats('without a window');
  const broken = await desktop.armed('Broken', 'text.read', join(desktop.folder, 'beat', 'gone.txt'));
  await until('a notice', () => desktop.notices.find((it) => it.body.includes('gone.txt')));
  await desktop.command('flow.arm', { flow: broken, armed: false });
});

step('that engine goes on when the program is quit', async (desktop) => {
  await until('the words of the tray', async () => (await desktop.ask({ labels: true })).includes('Pause'));
  await desktop.ask({ choose: 'Quit Arna' });
  assert.equal(await program.ended, 0);
  await beats('without the program');
  assert.equal(engine.exitCode, null);
  assert.equal(desktop.holder(), engine.pid);
});
