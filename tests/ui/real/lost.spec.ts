import { expect, test } from './engine.ts';
import { isSaved, node } from './hands.ts';

const doc = {
  arna: 1,
  name: 'Kept',
  nodes: { start: { kind: 'flow.input' }, say: { kind: 'list.log', config: { text: 'hello' } } },
  wires: [['start', 'say']],
  layout: { start: [0, 0], say: [300, 0] },
};
type Saved = { flow: string; version: number };
type Opened = { text: string; version: number };

test('an engine that goes away is said, nothing drawn meanwhile is lost, and it goes on when it is back', async ({ engine, open }) => {
  const { flow } = await engine.call<Saved>('flow.save', { text: JSON.stringify(doc) });
  const page = await open(`flow/${flow}`);
  const name = page.getByRole('textbox', { name: 'Name of the flow' });
  await expect(name).toHaveValue('Kept');
  await engine.crash();
  await expect(page.getByRole('alert')).toContainText('The engine does not answer');
  await name.fill('Drawn without an engine');
  await expect(page.locator('.saving')).toContainText('kept here');
  await engine.start();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await isSaved(page);
  expect((await engine.call<Opened>('flow.get', { flow })).text).toContain('Drawn without an engine');
});

test('an edit that a crash of the window kept from the engine is there after the reload', async ({ engine, open, context }) => {
  const { flow } = await engine.call<Saved>('flow.save', { text: JSON.stringify(doc) });
  const page = await open(`flow/${flow}`);
  await node(page, 'say').waitFor();
  await context.route('**/api/flow.save', (route) => route.abort());
  await page.getByRole('textbox', { name: 'Name of the flow' }).fill('Before the crash');
  await expect(page.locator('.saving')).toContainText('kept here');
  await page.close({ runBeforeUnload: false });
  await context.unroute('**/api/flow.save');
  const again = await context.newPage();
  await again.goto(engine.url());
  await again.locator('main').waitFor();
  await again.evaluate((it) => {
    location.hash = `/flow/${it}`;
  }, flow);
  await expect(again.getByRole('textbox', { name: 'Name of the flow' })).toHaveValue('Before the crash');
  await isSaved(again);
  expect((await engine.call<Opened>('flow.get', { flow })).text).toContain('Before the crash');
});

test('a flow changed elsewhere is shown at once; changed on both sides, the person chooses', async ({ engine, open, context }) => {
  const { flow, version } = await engine.call<Saved>('flow.save', { text: JSON.stringify(doc) });
  const page = await open(`flow/${flow}`);
  const name = page.getByRole('textbox', { name: 'Name of the flow' });
  await expect(name).toHaveValue('Kept');
  const other = { ...doc, name: 'Changed elsewhere' };
  await engine.call('flow.save', { flow, text: JSON.stringify(other), expected_version: version });
  await expect(name).toHaveValue('Changed elsewhere');
  await expect(page.locator('.saving')).toContainText('version 2, saved');

  await context.route('**/api/flow.save', (route) => route.abort());
  await name.fill('Mine');
  await expect(page.locator('.saving')).toContainText('kept here');
  await engine.call('flow.save', { flow, text: JSON.stringify({ ...doc, name: 'Theirs' }) });
  await context.unroute('**/api/flow.save');
  await expect(page.locator('.editor-bar')).toContainText('Changed elsewhere meanwhile');
  await page.getByRole('button', { name: 'Take the other' }).click();
  await expect(name).toHaveValue('Theirs');
  await page.locator('.react-flow__pane').click({ position: { x: 300, y: 400 } });
  await page.keyboard.press('Control+z');
  await expect(name).toHaveValue('Mine');
  await isSaved(page);
});

test('language and theme are switched, and the engine keeps them for the next window', async ({ engine, open, browser }) => {
  const page = await open('settings');
  await page.getByRole('combobox').first().click();
  await page.getByRole('option', { name: 'Қазақша' }).click();
  await expect(page.getByRole('heading', { name: 'Баптаулар' })).toBeVisible();
  await page.getByRole('radio', { name: 'Қараңғы' }).click();
  await expect.poll(() => engine.call('settings.get')).toMatchObject({ language: 'kk', theme: 'dark' });
  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await other.goto(engine.url());
  await other.locator('main').waitFor();
  await expect(other.getByRole('heading', { name: 'Ағындар' }).or(other.getByRole('button', { name: 'Ағындар' })).first()).toBeVisible();
  await expect(other.locator('html')).toHaveAttribute('data-theme', 'dark');
  await elsewhere.close();
});
