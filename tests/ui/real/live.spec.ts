import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, expect, test } from './engine.ts';
import { node } from './hands.ts';

async function allowAll(engine: Engine, flow: string) {
  const { authority } = await engine.call<{ authority: { node: string; resource: object }[] }>('grants.list', { flow });
  for (const it of authority) await engine.call('grants.set', { flow, node: it.node, resource: it.resource, granted: true });
}

/** A flow that reads many rows, so that there is something to watch. */
async function longFlow(engine: Engine, rows: number): Promise<string> {
  const folder = join(engine.folder, 'in');
  mkdirSync(folder);
  const lines = Array.from({ length: rows }, (_, index) => `${index},${index % 7},customer ${index % 1000}`);
  writeFileSync(join(folder, 'rows.csv'), `id,group,name\n${lines.join('\n')}\n`);
  const doc = {
    arna: 1,
    name: 'Many rows',
    nodes: {
      start: { kind: 'flow.input' },
      read: { kind: 'csv.read', config: { path: `${folder}/rows.csv`, columns: { id: 'number', group: 'number' } } },
      low: { kind: 'list.filter', config: { keep: '= group < 5' } },
      few: { kind: 'list.limit', config: { count: 10_000_000 } },
    },
    wires: [['start', 'read'], ['read', 'low'], ['low', 'few']],
    layout: { start: [0, 0], read: [280, 0], low: [560, 0], few: [840, 0] },
  };
  const { flow } = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify(doc) });
  await allowAll(engine, flow);
  return flow;
}

test('counts grow on the wires while a run is at work, and the slider steps through it afterwards', async ({ engine, open }) => {
  const flow = await longFlow(engine, 600_000);
  const page = await open(`flow/${flow}`);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('progressbar')).toBeVisible();
  const counted = page.locator('.wire-count').nth(1);
  await expect(counted).not.toHaveText('600,000');
  await expect(page.locator('.last-run')).toContainText('600,000', { timeout: 40_000 });
  await expect(counted).toHaveText('600,000');
  const slider = page.getByRole('slider');
  await slider.focus();
  await page.keyboard.press('Home');
  await expect(counted).not.toHaveText('600,000');
  await page.keyboard.press('End');
  await expect(counted).toHaveText('600,000');

  await expect(node(page, 'read').locator('.card-end')).toHaveText(/\d/);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  // the second time it is known how much there is
  await expect(page.getByRole('progressbar')).toHaveAttribute('value', /0\.\d+/);
  await expect(page.getByRole('slider')).toBeVisible({ timeout: 40_000 });

  await node(page, 'read').click();
  await expect(page.locator('.records-row').first()).toContainText('customer 0');
  await expect(page.locator('.drawer-head')).toContainText('600,000');
});

test('a run that is cancelled stops cleanly and says so', async ({ engine, open }) => {
  const flow = await longFlow(engine, 1_000_000);
  const page = await open(`flow/${flow}`);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('.wire-count').nth(1)).toBeVisible();
  await page.locator('.editor-bar').getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeVisible();
  const { runs } = await engine.call<{ runs: { state: string }[] }>('runs.list', { flow });
  expect(runs.map((it) => it.state)).toEqual(['cancelled']);
});

test('a formula is answered by the engine as it is typed, and the time is told', async ({ engine, open }) => {
  const doc = {
    arna: 1,
    name: 'Quick',
    nodes: { start: { kind: 'flow.input', config: { sample: [{ qty: 3, price: 20.5 }] } }, keep: { kind: 'list.filter', config: { keep: '= qty > 1' } } },
    wires: [['start', 'keep']],
    layout: { start: [0, 0], keep: [280, 0] },
  };
  const { flow } = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify(doc) });
  const page = await open(`flow/${flow}`);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('.last-run')).toContainText('1 record');
  await node(page, 'keep').click();
  const field = page.locator('.inspector .cm-content[aria-label="Keep when"]');
  await field.click();
  await page.keyboard.press('ControlOrMeta+a');
  const took: number[] = [];
  await page.exposeFunction('took', (ms: number) => took.push(ms));
  await page.evaluate(() => {
    const report = (window as unknown as { took: (ms: number) => void }).took;
    let key_ms = 0;
    document.addEventListener('keydown', () => (key_ms = performance.now()), true);
    new MutationObserver(() => {
      const text = document.querySelector('.formula-result b')?.textContent ?? '';
      if (key_ms && text === '61.5') report(performance.now() - key_ms);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await page.keyboard.type('qty * price', { delay: 60 });
  await expect(page.locator('.formula-result b')).toHaveText('61.5');
  await expect.poll(() => took.length).toBeGreaterThan(0);
  console.log(`a formula was answered in ${Math.round(took[0] ?? 0)} ms`);
});

test('a run nobody watched is stepped through when somebody opens it later', async ({ engine, open }) => {
  const flow = await longFlow(engine, 200_000);
  const { run } = await engine.call<{ run: string }>('run.start', { flow });
  await expect.poll(async () => (await engine.call<{ row: { state: string } }>('run.get', { run })).row.state, { timeout: 40_000 }).toBe('ok');
  const page = await open(`flow/${flow}`);
  const slider = page.getByRole('slider');
  await slider.focus();
  await page.keyboard.press('Home');
  const counted = page.locator('.wire-count').nth(1);
  await expect(counted).not.toHaveText('200,000');
  await page.keyboard.press('End');
  await expect(counted).toHaveText('200,000');
});

test('a run that was over at once says why there is nothing to step through', async ({ engine, open }) => {
  const doc = {
    arna: 1,
    name: 'Quick',
    nodes: { start: { kind: 'webhook.receive', config: { path: 'quick', auth: { by: 'none' }, answer: 'result' } }, keep: { kind: 'list.filter', config: { keep: '= true' } } },
    wires: [['start', 'keep']],
    layout: { start: [0, 0], keep: [280, 0] },
  };
  const { flow } = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify(doc) });
  await allowAll(engine, flow);
  await engine.call('flow.arm', { flow, armed: true });
  expect((await fetch(`${engine.hooks}quick`, { method: 'POST', body: '{}' })).status).toBe(200);
  const page = await open(`flow/${flow}`);
  await expect(page.locator('.slider-box')).toContainText('no moments of it were kept');
  await expect(page.getByRole('slider')).toHaveCount(0);
});
