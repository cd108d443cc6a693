// The editor's numbers in Chromium, on a real engine: opening large flows, dragging, typing a formula, scrolling a long table, the first paint.
//
//   npm run bench:ui [-- --json FILE]
//
// Each figure is the median of five, or the 95th percentile of all frames where it says so. What a goal says is beside it; above the goal
// it prints "missed", and the exit code stays 0: figures of a busy machine are read by a person.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { browser as installedBrowser, editorPackages, testTools } from '../tools/install.mjs';

const root = resolve(fileURLToPath(import.meta.url), '../../..');
const ui = join(root, 'ui');
const target = process.env.CARGO_TARGET_DIR || join(root, 'target');
const arna = process.env.ARNA_BIN || join(target, 'release', 'arna');
const work = mkdtempSync(join(tmpdir(), 'arna-bench-ui-'));
const ROUNDS = 5;
const COLUMNS = 40;

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const percentile = (numbers, share) => [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? 0;

/** A flow of `count` nodes in chains of forty, as a person would lay it out. */
function largeFlow(count) {
  const nodes = { start: { kind: 'flow.input' } };
  const wires = [];
  const layout = { start: [-280, 0] };
  for (let at = 1; at < count; at++) {
    const id = `n${at}`;
    const column = (at - 1) % COLUMNS;
    nodes[id] = { kind: 'list.map', config: { fields: [{ name: `field_${at}`, value: '= qty * price' }], keep_others: true } };
    wires.push([column === 0 ? 'start' : `n${at - 1}`, id]);
    layout[id] = [column * 280, Math.floor((at - 1) / COLUMNS) * 140];
  }
  return { arna: 1, name: `${count} nodes`, nodes, wires, layout };
}

/** The engine with the built editor; its address and token. */
function serve() {
  const args = ['serve', '--admin', '127.0.0.1:0', '--hooks', '127.0.0.1:0', '--ui', join(ui, 'dist'), '--gallery', join(root, 'flows'), '--data', join(work, 'data')];
  const child = spawn(arna, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((settle, fail) => {
    let said = '';
    child.on('exit', (code) => fail(new Error(`arna serve ended with ${code}: ${said}`)));
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text) => {
      said += text;
      const found = /(http:\/\/[^/\s]+)\S*#token=(\S+)/.exec(said);
      if (found) settle({ child, base: found[1], token: found[2] });
    });
  });
}

async function ask({ base, token }, name, params) {
  const response = await fetch(`${base}/api/${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(params),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${name}: ${text}`);
  return JSON.parse(text);
}

/** Milliseconds from asking for a flow until its cards stand and two frames have been painted. */
async function opening(page, flow) {
  await page.evaluate(() => {
    location.hash = '#/flows';
  });
  await page.locator('.react-flow').waitFor({ state: 'detached' });
  let unseen;
  return page.evaluate(
    (id) =>
      new Promise((settle) => {
        const began = performance.now();
        const look = () => {
          if (document.querySelectorAll('.react-flow__node .card').length < 3) return requestAnimationFrame(look);
          requestAnimationFrame(() => requestAnimationFrame(() => settle(performance.now() - began)));
        };
        location.hash = `#/flow/${id}`;
        look();
      }),
    flow,
  );
}

/** Script work in each frame while one card is dragged, and which other cards were drawn anew meanwhile. */
async function dragging(page) {
  const cards = page.locator('.react-flow__node:has(.card)');
  const boxes = await cards.evaluateAll((all) =>
    all.map((it) => {
      const { x, y, width, height } = it.getBoundingClientRect();
      return { id: it.dataset.id, x: x + width / 2, y: y + height / 2 };
    }),
  );
  const area = await page.locator('.react-flow').boundingBox();
  const middle = { x: area.x + area.width / 2, y: area.y + area.height / 2 };
  const grabbed = boxes.sort((a, b) => Math.hypot(a.x - middle.x, a.y - middle.y) - Math.hypot(b.x - middle.x, b.y - middle.y))[0];
  await page.evaluate((dragged) => {
    window.others = new Set();
    window.watch = new MutationObserver((changes) => {
      for (const change of changes) {
        const id = (change.target.nodeType === 1 ? change.target : change.target.parentElement)?.closest('.react-flow__node')?.dataset.id;
        if (id && id !== dragged) window.others.add(id);
      }
    });
    window.watch.observe(document.querySelector('.react-flow__nodes'), { attributes: true, childList: true, subtree: true, characterData: true });
  }, grabbed.id);
  const client = await page.context().newCDPSession(page);
  const events = [];
  client.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await page.mouse.move(grabbed.x, grabbed.y);
  await page.mouse.down();
  await page.mouse.move(grabbed.x + 6, grabbed.y + 6, { steps: 3 });
  await client.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['devtools.timeline', 'toplevel', 'blink.user_timing'] } });
  for (let at = 0; at < 120; at++) {
    await page.mouse.move(grabbed.x + 60 * Math.sin(at / 12), grabbed.y + 40 * Math.cos(at / 9));
    await page.evaluate(() => new Promise((wake) => requestAnimationFrame(wake)));
  }
  const done = new Promise((settle) => client.once('Tracing.tracingComplete', settle));
  await client.send('Tracing.end');
  await done;
  await page.mouse.up();
  const others = await page.evaluate(() => {
    window.watch.disconnect();
    return window.others.size;
  });
  return { frames: scriptPerFrame(events), others };
}

/** Milliseconds of script between one frame of the main thread and the next, in time of the thread itself: other programs do not count. */
function scriptPerFrame(events) {
  const script = new Set(['EventDispatch', 'FunctionCall', 'FireAnimationFrame', 'RunMicrotasks', 'TimerFire', 'v8.callFunction']);
  const frames = events.filter((it) => it.name === 'FireAnimationFrame');
  const thread = frames[0]?.tid;
  const marks = frames.filter((it) => it.tid === thread).map((it) => it.ts).sort((a, b) => a - b);
  const work = events
    .filter((it) => it.tid === thread && it.ph === 'X' && script.has(it.name))
    .sort((a, b) => a.ts - b.ts);
  const sums = new Array(Math.max(0, marks.length - 1)).fill(0);
  let until = 0;
  for (const it of work) {
    if (it.ts < until) continue; // inside another one, counted there
    until = it.ts + (it.dur ?? 0);
    const frame = marks.findIndex((mark, at) => it.ts < mark && at > 0) - 1;
    if (frame >= 0 && frame < sums.length) sums[frame] += (it.tdur ?? it.dur ?? 0) / 1000;
  }
  return sums;
}

/** Milliseconds from a key to the changed result below the formula, for each key of a formula. */
async function typing(page) {
  const field = page.locator('.formula-box .cm-content').first();
  await field.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.type('= 1');
  await page.waitForTimeout(500);
  const spans = [];
  for (const key of '2345678901'.slice(0, 10)) {
    const before = await page.evaluate(() => document.querySelector('.formula-result')?.textContent ?? '');
    await page.evaluate((old) => {
      window.typed = new Promise((settle) => {
        addEventListener('keydown', () => {
          const began = performance.now();
          const look = () => {
            const now = document.querySelector('.formula-result')?.textContent ?? '';
            if (now !== old) settle(performance.now() - began);
            else if (performance.now() - began > 5000) settle(5000);
            else requestAnimationFrame(look);
          };
          look();
        }, { once: true, capture: true });
      });
    }, before);
    await page.keyboard.press(key);
    spans.push(await page.evaluate(() => window.typed));
  }
  return spans;
}

/** The longest gap between two frames while a long table is scrolled from end to end, in milliseconds, and every gap. */
async function scrolling(page) {
  const box = page.locator('.records');
  await box.waitFor();
  return box.evaluate(
    (it) =>
      new Promise((settle) => {
        const gaps = [];
        const far = it.scrollHeight - it.clientHeight;
        let last = performance.now();
        let step = 0;
        const next = () => {
          const now = performance.now();
          gaps.push(now - last);
          last = now;
          step += 1;
          // by the wheel for a while, then by leaps, as with the scroll bar
          it.scrollTop = step < 120 ? it.scrollTop + 160 : (far * ((step * 7919) % 180)) / 180;
          step < 240 ? requestAnimationFrame(next) : settle(gaps.slice(1));
        };
        requestAnimationFrame(next);
      }),
  );
}

const run = (program, args, options = {}) => {
  const done = spawnSync(program, args, { cwd: ui, encoding: 'utf8', ...options });
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${done.status}:\n${done.stdout}${done.stderr}`);
  return done.stdout;
};

/** The long table comes from the editor's own stand-in engine, so that what is measured is the table and not the disk. */
async function longTable(context) {
  run('npx', ['--no-install', 'vite', 'build', '--mode', 'fake', '--outDir', join(work, 'fake'), '--emptyOutDir']);
  const preview = spawn(process.execPath, [join(ui, 'node_modules/vite/bin/vite.js'), 'preview', '--outDir', join(work, 'fake'), '--port', '0', '--host', '127.0.0.1'], {
    cwd: ui,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  try {
    preview.stdout.setEncoding('utf8');
    const base = await new Promise((settle) => {
      let said = '';
      preview.stdout.on('data', (text) => {
        said += text;
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
        if (found) settle(found[0]);
      });
    });
    const page = await context.newPage();
    await page.goto(`${base}/?rows=1000000#/flow/f1`);
    await page.locator('.react-flow__node[data-id="orders"]').click();
    const gaps = await scrolling(page);
    await page.close();
    return gaps;
  } finally {
    preview.kill('SIGKILL');
  }
}

const rows = [];
const figure = (name, value, goal, unit) => {
  const isMet = value <= goal;
  rows.push({ name, value, goal, unit, isMet });
  const number = value >= 100 || unit === '' || unit === 'kB' ? Math.round(value) : value.toFixed(1);
  console.log(`${name.padEnd(62)} ${String(number).padStart(8)} ${unit.padEnd(3)}  goal ${goal} ${unit}  ${isMet ? 'met' : 'missed'}`);
};

async function main() {
  await testTools();
  await editorPackages();
  const { chromium } = await import('@playwright/test');
  if (!existsSync(arna)) run('cargo', ['build', '--release', '--locked', '-p', 'arna-cli'], { cwd: root, stdio: 'inherit' });
  run('npm', ['run', '--silent', 'build']);
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB\n`);

  const first = /(\d+) kB {2}gzip in all/.exec(run('node', ['scripts/size.mjs']))?.[1];
  figure('first paint: script and style, gzip', Number(first), 700, 'kB');

  const engine = await serve();
  const browser = await chromium.launch({
    executablePath: installedBrowser(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-background-timer-throttling'],
  });
  try {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    await context.addInitScript(() => localStorage.setItem('arna.language', 'en'));
    const page = await context.newPage();
    await page.goto(`${engine.base}/#token=${engine.token}`);
    await page.locator('main').waitFor();
    for (const [count, goal] of [[1000, 1500], [2000, 3000]]) {
      const { flow: id } = await ask(engine, 'flow.save', { text: JSON.stringify(largeFlow(count)) });
      const spans = [];
      for (let at = 0; at < ROUNDS; at++) spans.push(await opening(page, id));
      figure(`a flow of ${count} nodes opens`, median(spans), goal, 'ms');
      const { frames, others } = await dragging(page);
      figure(`dragging a node among ${count}: script a frame, 95th percentile`, percentile(frames, 0.95), 16, 'ms');
      figure(`dragging a node among ${count}: other cards drawn anew`, others, 0, '');
    }
    const nodes = { start: { kind: 'flow.input' }, keep: { kind: 'list.filter', config: { keep: '= true' } } };
    const { flow: id } = await ask(engine, 'flow.save', { text: JSON.stringify({ arna: 1, name: 'Typing', nodes, wires: [['start', 'keep']], layout: { start: [0, 0], keep: [280, 0] } }) });
    await page.evaluate((it) => {
      location.hash = `#/flow/${it}`;
    }, id);
    await page.locator('.react-flow__node[data-id="keep"]').click();
    const typed = await typing(page);
    figure('a key in a formula shows its result', percentile(typed, 0.95), 100, 'ms');
    const gaps = await longTable(context);
    figure('a table of 1,000,000 records: frame gap, 95th percentile', percentile(gaps, 0.95), 34, 'ms');
    figure('a table of 1,000,000 records: longest frame gap', Math.max(...gaps), 100, 'ms');
  } finally {
    await browser.close();
    engine.child.removeAllListeners('exit');
    engine.child.kill('SIGKILL');
  }
  desktopMemory();
  const json = process.argv.indexOf('--json');
  if (json > 0) writeFileSync(process.argv[json + 1], `${JSON.stringify(rows, null, 2)}\n`);
}

/** The desktop's memory with its window closed, where the desktop can be built. */
function desktopMemory() {
  const script = join(root, 'tests/bench/desktop-memory.mjs');
  if (!existsSync(script)) return;
  const done = spawnSync('node', [script], { encoding: 'utf8' });
  const found = /(\d+(?:\.\d+)?) MiB PSS/.exec(done.stdout);
  if (found) figure('desktop with its window closed, PSS', Number(found[1]), 120, 'MiB');
  else console.log(`desktop with its window closed: not measured.\n${done.stdout}${done.stderr}`);
}

try {
  await main();
} finally {
  rmSync(work, { recursive: true, force: true });
}
