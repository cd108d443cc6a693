import { type Engine, expect, test } from './engine.ts';
import { isSaved, node } from './hands.ts';

const hourly = (connection: boolean) => ({
  arna: 1,
  name: 'Stock levels',
  zone: 'Asia/Almaty',
  nodes: {
    clock: { kind: 'schedule.cron', config: { cron: '0 */2 * * *', missed: 'latest' } },
    ...(connection ? { fetch: { kind: 'http.request', title: 'Ask the shop', connection: 'shop', config: { url: '/stock' } } } : {}),
    say: { kind: 'list.log', title: 'Note it', config: { text: 'x' } },
  },
  wires: connection ? [['clock', 'fetch'], ['fetch', 'say']] : [['clock', 'say']],
  ...(connection ? { slots: { shop: { connection: 'http' } } } : {}),
});

const save = async (engine: Engine, doc: object) =>
  (await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify(doc) })).flow;

test('times at which the computer was off are told beside their flow, each with what became of it', async ({ engine, open }) => {
  const flow = await save(engine, hourly(false));
  await engine.call('flow.arm', { flow, armed: true });
  await engine.wasOff(3);
  const page = await open();
  const passed = page.getByRole('button', { name: /times passed without a run/ });
  await expect(passed).toBeVisible();
  await passed.click();
  const dialog = page.getByRole('dialog', { name: 'Due times: Stock levels' });
  await expect(dialog.getByRole('row')).toHaveCount(37);
  await expect(dialog).toContainText('for too long to catch up');
  await expect(dialog).toContainText('the run of a later time stands for it');
  await expect(dialog.locator('.pill', { hasText: 'ran' })).toHaveCount(1);
  await dialog.getByRole('button', { name: 'Run' }).click();
  await expect(page.locator('.last-run')).toContainText('last run');

  // what was due while it was switched off is owed by nobody
  await engine.call('flow.arm', { flow, armed: false });
  await engine.wasOff(1);
  await engine.call('flow.arm', { flow, armed: true });
  await page.evaluate(() => {
    location.hash = '/flows';
  });
  await page.getByRole('button', { name: 'More: Stock levels' }).click();
  await page.getByRole('menuitem', { name: 'Due times' }).click();
  await expect(dialog.getByRole('row')).toHaveCount(37);
});

test('a connection says what stops without it, and the trail in the settings who decided what', async ({ engine, open }) => {
  await engine.call('connections.save', { name: 'shop', kind: 'http', config: { address: 'https://shop.example' }, secrets: {} });
  const flow = await save(engine, hourly(true));
  await engine.call('slots.fill', { flow, slot: 'shop', value: 'shop' });
  const page = await open('connections');
  await page.getByRole('button', { name: /Stock levels.*without it 2 steps stop/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Without shop' });
  await expect(dialog).toContainText('Ask the shop, Note it');
  let asked = '';
  page.once('dialog', (it) => {
    asked = it.message();
    void it.dismiss();
  });
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'More: shop' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect.poll(() => asked).toContain('will stop: Stock levels');

  await page.evaluate(() => {
    location.hash = '/settings';
  });
  await page.getByRole('button', { name: 'Show' }).click();
  const trail = page.getByRole('dialog', { name: 'What was decided here' });
  await expect(trail).toContainText('whole: 2 lines');
  await expect(trail.getByRole('row').nth(1)).toContainText('Slot filled');
  await expect(trail.getByRole('row').nth(1)).toContainText('Stock levels');
  await expect(trail.getByRole('row').nth(2)).toContainText('Connection saved');
});

test('a change to a flow that is on goes live only when it is made so, and its cases are run before', async ({ engine, open }) => {
  const doc = {
    arna: 1,
    name: 'Sums',
    nodes: {
      start: { kind: 'webhook.receive', config: { path: 'sums', answer: 'result', auth: { by: 'none' } } },
      sum: { kind: 'list.map', config: { fields: [{ name: 'sum', value: '= body.qty * 2' }] } },
    },
    wires: [['start', 'sum']],
    layout: { start: [0, 0], sum: [280, 0] },
    cases: { two: { given: { event: { body: { qty: 1 }, headers: {}, query: {} } }, expected: { state: 'ok', ends: { 'sum.out': [{ sum: 2 }] } } } },
  };
  const flow = await save(engine, doc);
  const { authority } = await engine.call<{ authority: { node: string; resource: object }[] }>('grants.list', { flow });
  for (const it of authority) await engine.call('grants.set', { flow, node: it.node, resource: it.resource, granted: true });
  const answer = async () => {
    const response = await fetch(`${engine.hooks}sums`, { method: 'POST', body: '{"qty": 5}', headers: { 'content-type': 'application/json' } });
    return response.json();
  };
  await engine.call('flow.arm', { flow, armed: true });
  const page = await open(`flow/${flow}`);
  const bar = page.locator('.editor-bar');
  await node(page, 'sum').click();
  await expect(bar.getByRole('button', { name: 'Make live' })).toHaveCount(0);
  const value = page.locator('.inspector .cm-content').first();
  await value.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('= body.qty * 3');
  await page.keyboard.press('Escape');
  await expect(bar).toContainText('version 1 is live');
  expect(await answer()).toEqual({ sum: 10 });
  await bar.getByRole('button', { name: 'Make live' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('sum');
  await dialog.getByRole('button', { name: 'Switch on all the same' }).click();
  await expect(bar.getByRole('button', { name: 'Make live' })).toHaveCount(0);
  expect(await answer()).toEqual({ sum: 15 });
  // a card that is moved changes nothing that runs
  await node(page, 'sum').focus();
  await page.keyboard.press('ArrowDown');
  await isSaved(page);
  await expect(bar.getByRole('button', { name: 'Make live' })).toHaveCount(0);
});
