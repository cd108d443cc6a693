import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './engine.ts';
import { choose, isSaved, node, startEmpty, type, wire } from './hands.ts';

test('a flow is built, wired, run and saved by mouse, and its file is written', async ({ engine, open }) => {
  const page = await open();
  const orders = join(engine.folder, 'orders.csv');
  const paid = join(engine.folder, 'paid.csv');
  writeFileSync(orders, 'id,status,total\n1,paid,10\n2,open,20\n3,paid,30\n');
  await startEmpty(page);
  await page.getByRole('button', { name: 'Add a node /' }).click();
  await choose(page, 'start by hand');
  await wire(page, node(page, 'input').locator('.react-flow__handle-right'), { x: 560, y: 420 });
  await expect(page.getByPlaceholder('What comes next?')).toBeVisible();
  await choose(page, 'read csv');
  await type(page, 'File', orders);
  await wire(page, node(page, 'read').locator('.react-flow__handle-right').first(), { x: 840, y: 300 });
  await choose(page, 'filter');
  await type(page, 'Keep when', 'status = "paid"');
  await isSaved(page);
  await page.locator('.react-flow__pane').click({ position: { x: 30, y: 500 } });
  await wire(page, node(page, 'filter').locator('.react-flow__handle-right').first(), { x: 700, y: 560 });
  await choose(page, 'write csv');
  await type(page, 'File', paid);
  await isSaved(page);
  await expect(page.locator('.react-flow__edge')).toHaveCount(3);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('dialog')).toContainText('what it may touch');
  for (const it of await page.getByRole('dialog').getByRole('switch').all()) await it.click();
  await page.getByRole('dialog').getByRole('button', { name: 'Run' }).click();
  await expect(page.locator('.last-run')).toContainText('3 records');
  await expect(page.locator('.wire-count')).toHaveText(['1', '3', '2']);
  expect(readFileSync(paid, 'utf8')).toBe('id,status,total\n1,paid,10\n3,paid,30\n');
});

test('the same by keyboard alone', async ({ engine, open }) => {
  const page = await open();
  await page.getByRole('button', { name: /Start empty/ }).focus();
  await page.keyboard.press('Enter');
  await page.locator('.coach').waitFor();
  await page.keyboard.press('/');
  await choose(page, 'start by hand');
  await expect(node(page, 'input')).toBeFocused();
  await page.keyboard.press('/');
  await choose(page, 'log');
  await expect(node(page, 'log')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('.inspector .cm-content[aria-label="Text"]')).toBeFocused();
  await page.keyboard.type('hello');
  // the first Escape may close a list of proposals, the next leads back to the card
  await expect(async () => {
    await page.keyboard.press('Escape');
    await expect(node(page, 'log')).toBeFocused({ timeout: 300 });
  }).toPass();
  await page.keyboard.press('/');
  await choose(page, 'limit');
  await page.keyboard.press('Enter');
  await page.keyboard.type('10');
  await page.keyboard.press('Escape');
  await expect(node(page, 'limit')).toBeFocused();
  const wireTo = async (title: string) => {
    await page.keyboard.press('c');
    const bar = page.locator('.wiring');
    await expect(bar).toBeVisible();
    for (let tries = 0; tries < 4 && !(await bar.textContent())?.includes(title); tries++) await page.keyboard.press('ArrowDown');
    await expect(bar).toContainText(title);
    await page.keyboard.press('Enter');
  };
  await wireTo('Log');
  await node(page, 'input').focus();
  await page.keyboard.press('Enter');
  await wireTo('Limit');
  await expect(page.locator('.react-flow__edge')).toHaveCount(2);
  await isSaved(page);
  await page.keyboard.press('Control+Enter');
  await expect(page.locator('.last-run')).toContainText('1 record');
  await expect(page.locator('.wire-count')).toHaveText(['1', '1']);
  const { runs } = await engine.call<{ runs: { state: string }[] }>('runs.list');
  expect(runs.map((it) => it.state)).toEqual(['ok']);
});

test('everything that was done is undone, down to the file the engine holds, and done again', async ({ engine, open }) => {
  const doc = {
    arna: 1,
    name: 'Three',
    nodes: { start: { kind: 'flow.input' }, few: { kind: 'list.limit', config: { count: 5 } }, say: { kind: 'list.log', config: { text: 'x' } } },
    wires: [['start', 'few'], ['few', 'say']],
    layout: { start: [0, 0], few: [280, 0], say: [560, 0] },
  };
  const { flow } = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify(doc) });
  const now = async () => JSON.parse((await engine.call<{ text: string }>('flow.get', { flow })).text) as typeof doc;
  const before = await now();
  const page = await open(`flow/${flow}`);
  const pane = () => page.locator('.react-flow__pane').click({ position: { x: 400, y: 420 } });
  await node(page, 'say').click();
  await page.keyboard.press('Delete');
  await node(page, 'few').click();
  await page.keyboard.press('x');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Control+d');
  await pane();
  await page.keyboard.press('/');
  await choose(page, 'sort');
  await page.getByRole('button', { name: 'Tidy up' }).click();
  await page.getByRole('button', { name: 'Note' }).first().click();
  await page.getByRole('textbox', { name: 'Name of the flow' }).fill('Changed');
  await isSaved(page);
  expect((await now()).name).toBe('Changed');
  await pane();
  const undo = page.getByRole('button', { name: 'Undo' });
  for (let steps = 0; steps < 30 && (await undo.isEnabled()); steps++) await page.keyboard.press('Control+z');
  await expect(undo).toBeDisabled();
  await expect.poll(now).toEqual(before);
  const redo = page.getByRole('button', { name: 'Redo' });
  for (let steps = 0; steps < 30 && (await redo.isEnabled()); steps++) await page.keyboard.press('Control+Shift+z');
  await expect.poll(async () => (await now()).name).toBe('Changed');
  await expect(node(page, 'say')).toHaveCount(0);
});
