// The real window of the desktop program: driven in its page by WebDriver, by real keys, from the tray and from notices.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { family, hasPage, PAINTED_BYTES } from './desktop.mjs';
import { desktopSteps } from './steps.mjs';
import { until } from './webdriver.mjs';

const step = desktopSteps();
let program;
let page;
/** The flow that writes a file every second, and its file. */
let often;
let beat;

const violations = () => page.run('() => window.violations ?? []');

step('the window opens with the editor in it, and its page keeps to its policy', async (desktop) => {
  program = desktop.open();
  page = await desktop.page();
  await page.seen('//nav');
  await page.run(`() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (it) => window.violations.push(it.violatedDirective + ' ' + it.blockedURI));
  }`);
  assert.match(await page.run('() => location.href'), /^tauri:\/\/localhost/);
  const catalogue = await page.command('catalogue');
  assert.ok(catalogue.kinds.length > 30, 'the engine of the program answers');
  assert.equal((await page.command('health')).vault, 'keychain', 'the key of the secrets lies in the keychain of the session');
  await desktop.picture('first start', PAINTED_BYTES);
});

step('only the commands that the window is allowed are answered', async () => {
  const ask = (command) => page.settle('(command) => window.__TAURI_INTERNALS__.invoke(command, {})', command);
  await assert.rejects(ask('plugin:window|set_title'), /not allowed|denied/i);
  await assert.rejects(ask('plugin:autostart|enable'), /not allowed|denied/i);
  assert.equal(await page.run('() => "__TAURI__" in window'), false);
  const long = 'x'.repeat(1 << 20);
  await assert.rejects(page.command('flow.check', { text: long }), /1 MiB/);
});

step('a page of the web never comes into the window', async (desktop) => {
  const here = await page.run('() => location.href');
  await page.run("() => { const link = document.createElement('a'); link.href = 'https://example.invalid/'; document.body.append(link); link.click(); }");
  await page.run("() => { window.open('https://example.invalid/'); }");
  assert.equal(await page.run('() => location.href'), here);
  assert.equal((await desktop.windows()).length, 1);
});

step('a gallery flow is taken and runs green', async (desktop) => {
  const reports = join(desktop.folder, 'reports');
  mkdirSync(reports);
  await page.run("() => { location.hash = '#/gallery'; }");
  await page.click("//article[.//h2[contains(., 'Bank statement')]]//button");
  // what the gallery fills in by itself depends on the flow; what is left open is filled here, as the person would
  await until('the flow of the gallery', async () => /^\/flow\//.test(await page.route()) || page.find("//*[@role='dialog']"));
  const { flows } = await page.command('flows.list');
  const flow = flows.find((it) => it.name.startsWith('Bank statement')).id;
  const { slots } = await page.command('flow.get', { flow });
  const inbox = join(import.meta.dirname, '..', '..', 'flows', 'bank-statement', 'data');
  for (const slot of slots.filter((it) => it.filled === null)) {
    await page.command('slots.fill', { flow, slot: slot.name, value: slot.name === 'inbox' ? inbox : reports });
  }
  await page.run('(flow) => { location.hash = `#/flow/${flow}`; location.reload(); }', flow);
  await page.click("//button[normalize-space(.)='Run' or @aria-label='Run']");
  const ended = await until('the end of the run', async () => {
    const { runs } = await page.command('runs.list', { flow });
    return runs[0]?.ended_ms !== null && runs[0];
  });
  assert.equal(ended.state, 'ok');
  await page.seen("//*[contains(@class, 'last-run')]//*[@data-tone='ok']");
  await desktop.picture('gallery flow green', PAINTED_BYTES);
});

step('standard keys edit text in the page', async (desktop) => {
  const box = '//input[@data-test-keys]';
  await page.run(`() => {
    const box = document.createElement('input');
    box.dataset.testKeys = '';
    box.style.cssText = 'position:fixed;z-index:99;left:300px;top:300px;width:300px';
    document.body.append(box);
  }`);
  await page.click(box);
  await desktop.x('type', '--delay', '20', 'arna');
  const value = () => page.run("() => document.querySelector('[data-test-keys]').value");
  await until('typed text', async () => (await value()) === 'arna');
  await desktop.x('key', '--delay', '40', 'ctrl+a', 'ctrl+c', 'End', 'ctrl+v');
  await until('a copy beside it', async () => (await value()) === 'arnaarna');
  await desktop.x('key', 'ctrl+z');
  // how much one undo takes back is the web view's matter
  await until('the undone copy', async () => (await value()) !== 'arnaarna');
  await page.run("() => document.querySelector('[data-test-keys]').remove()");
});

step('closing the window ends its page and leaves the flows at work in the tray', async (desktop) => {
  beat = join(desktop.folder, 'beat', 'beat.json');
  often = await desktop.armed('Beat', 'json.write', beat);
  await page.run('(flow) => { location.hash = `#/flow/${flow}`; }', often);
  await until('the first beat', () => existsSync(beat));
  assert.deepEqual(await violations(), [], 'no part of the page broke its policy');
  assert.ok(hasPage(program), 'the page has a process');
  await desktop.close(program);
  rmSync(beat, { force: true });
  await until('a beat without a window', () => existsSync(beat));
  assert.equal(program.exitCode, null, 'the program is at work');
  await desktop.picture('closed to the tray');
});

step('the tray says how the engine stands, pauses it and lets it go on', async (desktop) => {
  assert.ok(desktop.tray, 'the program has put itself into the tray');
  await until('the words of the tray', async () => (await desktop.ask({ labels: true })).includes('Pause'));
  await desktop.ask({ choose: 'Pause' });
  await until('the pause in the tray', async () => (await desktop.ask({ labels: true })).some((it) => it.startsWith('Paused')));
  await desktop.ask({ choose: 'Resume' });
  rmSync(beat, { force: true });
  await until('a beat after the pause', () => existsSync(beat));
});

const route = (desktop) => JSON.parse(readFileSync(join(desktop.data, 'place.json'), 'utf8')).route;
const flowNamed = async (desktop, name) => (await desktop.command('flows.list')).flows.find((it) => it.name === name);

step('a second start with a flow file opens the first window on its import screen', async (desktop) => {
  assert.equal(route(desktop), `/flow/${often}`, 'where the window was is kept');
  const file = join(desktop.folder, 'from a colleague.flow.json');
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'flows', 'branch-reports', 'flow.json'), 'utf8');
  writeFileSync(file, text);
  const second = desktop.open(file);
  assert.equal(await second.ended, 0, 'the second start ends by itself');
  await until('the window of the first', async () => (await desktop.windows()).length === 1);
  const taken = await until('the flow on the import screen', () => flowNamed(desktop, 'Reports of the branches'));
  assert.equal(taken.armed, false, 'nothing of it runs');
  await desktop.picture('import of a file from a colleague', PAINTED_BYTES);
  await desktop.close(program);
  assert.equal(route(desktop), `/flow/${often}`, 'the window was where it had been');
});

step('what fails raises a notice, and a click on it opens the run', async (desktop) => {
  const broken = await desktop.armed('Broken', 'text.read', join(desktop.folder, 'beat', 'gone.txt'));
  const notice = await until('a notice', () => desktop.notices.find((it) => it.body.includes('gone.txt')));
  assert.equal(notice.title, 'A flow failed');
  await desktop.command('flow.arm', { flow: broken, armed: false });
  await desktop.ask({ click: notice.id });
  await until('the window', async () => (await desktop.windows()).length === 1);
  await desktop.picture('from a notice', PAINTED_BYTES);
  await desktop.close(program);
  const [, , flow, run] = route(desktop).split('/');
  assert.equal(flow, broken);
  assert.equal((await desktop.command('run.get', { run })).row.state, 'failed');
});

step('a quit from the tray ends the program in order, and the next start is where it was', async (desktop) => {
  await desktop.ask({ choose: 'Quit Arna' });
  assert.equal(await program.ended, 0);
  assert.deepEqual(family(program.pid), []);
  const before = route(desktop);
  program = desktop.open();
  page = await desktop.page();
  await page.seen('//nav');
  assert.equal(await page.route(), before);
});
