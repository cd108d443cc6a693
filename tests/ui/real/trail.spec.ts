import { type Engine, expect, test } from './engine.ts';

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
