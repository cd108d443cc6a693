import { expect, type Page, test } from '@playwright/test';

const node = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);
const open = async (page: Page, path = '/#/flow/f1') => {
  await page.addInitScript(() => localStorage.setItem('arna.language', 'en'));
  await page.goto(path);
};
const emptyFlow = async (page: Page) => {
  await open(page, '/?first#/flows');
  await page.getByRole('button', { name: /Start empty/ }).click();
  await page.locator('.coach').waitFor();
};
const choose = async (page: Page, word: string) => {
  await page.getByPlaceholder(/Search nodes|What comes next/).fill(word);
  await page.keyboard.press('Enter');
};
const saved = (page: Page) => expect(page.locator('.saving')).toContainText('saved');

test('a flow of three nodes is built, wired, run and saved by mouse', async ({ page }) => {
  await emptyFlow(page);
  await page.getByRole('button', { name: 'Add a node /' }).click();
  await choose(page, 'by hand');
  await expect(node(page, 'start')).toBeVisible();
  const from = node(page, 'start').locator('.react-flow__handle-right');
  const box = await from.boundingBox();
  await page.mouse.move((box?.x ?? 0) + 4, (box?.y ?? 0) + 4);
  await page.mouse.down();
  await page.mouse.move((box?.x ?? 0) + 60, (box?.y ?? 0) + 120, { steps: 8 });
  await page.mouse.up();
  await expect(page.getByPlaceholder('What comes next?')).toBeVisible();
  await expect(page.getByRole('option', { name: /^Webhook/ })).toHaveCount(0);
  await choose(page, 'csv file');
  await expect(page.locator('.react-flow__edge')).toHaveCount(1);
  await page.getByRole('textbox', { name: 'Path' }).or(page.locator('.formula-box .cm-content').first()).first().click();
  await page.keyboard.type('/tmp/orders.csv');
  await page.getByRole('button', { name: /^Add a node/ }).first().click();
  await choose(page, 'write csv');
  await saved(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('.last-run')).toContainText('last run');
  await expect(page.locator('.wire-count')).toHaveCount(1);
});

test('the same by keyboard alone', async ({ page }) => {
  await emptyFlow(page);
  await page.keyboard.press('/');
  await choose(page, 'by hand');
  await expect(node(page, 'start')).toBeFocused();
  await page.keyboard.press('/');
  await choose(page, 'log');
  await expect(node(page, 'log')).toBeFocused();
  await page.keyboard.press('/');
  await choose(page, 'limit');
  await expect(node(page, 'limit')).toBeFocused();
  await page.keyboard.press('c');
  await expect(page.locator('.wiring')).toContainText('Log');
  await page.keyboard.press('Enter');
  await node(page, 'start').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('c');
  await expect(page.locator('.wiring')).toBeVisible();
  for (let tries = 0; tries < 4 && !(await page.locator('.wiring').textContent())?.includes('Limit'); tries++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.locator('.react-flow__edge')).toHaveCount(2);
  await saved(page);
  await page.keyboard.press('Control+Enter');
  await expect(page.locator('.last-run')).toContainText('last run');
});

test('everything is undone and redone', async ({ page }) => {
  await open(page);
  await node(page, 'post').click();
  await page.keyboard.press('Delete');
  await expect(node(page, 'post')).toHaveCount(0);
  await node(page, 'paid').click();
  await page.keyboard.press('x');
  await expect(node(page, 'paid')).toContainText('switched off');
  await page.keyboard.press('ArrowRight');
  await page.getByRole('button', { name: 'Tidy up' }).click();
  await page.locator('.react-flow__pane').click({ position: { x: 500, y: 500 } });
  for (let step = 0; step < 4; step++) await page.keyboard.press('Control+z');
  await expect(node(page, 'post')).toBeVisible();
  await expect(node(page, 'paid')).not.toContainText('switched off');
  await page.keyboard.press('Control+Shift+z');
  await expect(node(page, 'post')).toHaveCount(0);
});

test('a formula shows its value as it is typed, and a mistake in words', async ({ page }) => {
  await open(page);
  await node(page, 'post').click();
  await page.locator('.records-row').first().waitFor();
  const sum = page.locator('.mapping-row').nth(2).locator('.cm-content');
  await sum.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('qty * 1000');
  await expect(page.locator('.mapping-row').nth(2).locator('.formula-result b')).toHaveText('1000');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('totl + 1');
  await page.keyboard.press('Escape');
  await expect(page.locator('.mapping-row').nth(2).locator('.field-bad')).toContainText('did you mean total?');
});

test('an address that is pasted becomes a request, and nonsense is refused in words', async ({ page }) => {
  await open(page);
  await page.locator('.card').first().waitFor();
  const paste = (text: string) =>
    page.evaluate((it) => {
      const data = new DataTransfer();
      data.setData('text/plain', it);
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
    }, text);
  await paste('https://api.example/orders');
  await expect(node(page, 'request')).toContainText('GET https://api.example/orders');
  await paste('hello');
  await expect(page.locator('.toast')).toContainText('neither a flow nor an address');
});

test('a flow changed elsewhere meanwhile is said, and one of the two is kept', async ({ page }) => {
  await open(page);
  await page.locator('.card').first().waitFor();
  await page.evaluate(async () => {
    const engine = (window as unknown as { fakeEngine: { call: (name: string, params: object) => Promise<{ text: string }> } }).fakeEngine;
    const flow = await engine.call('flow.get', { flow: 'f1' });
    await engine.call('flow.save', { flow: 'f1', text: flow.text.replace('Paid orders to the ledger', 'Theirs') });
  });
  await page.getByRole('textbox', { name: 'Name of the flow' }).fill('Mine');
  await expect(page.locator('.editor-bar')).toContainText('Changed elsewhere meanwhile');
  await page.getByRole('button', { name: 'Keep mine' }).click();
  await saved(page);
  await expect(page.getByRole('textbox', { name: 'Name of the flow' })).toHaveValue('Mine');
});

test('a failed record is mended and sent again', async ({ page }) => {
  await open(page, '/#/failed');
  await page.getByRole('button', { name: 'Change and send again' }).first().click();
  const text = page.getByRole('textbox', { name: 'Record' });
  await text.fill('{ "bin": ');
  await expect(page.getByRole('button', { name: 'Send this' })).toBeDisabled();
  await text.fill('{ "bin": "960140000001" }');
  await page.getByRole('button', { name: 'Send this' }).click();
  await expect(page.locator('.toast')).toContainText('1 record sent again');
  await expect(page.locator('.panel').nth(1)).toContainText('2 failed');
});

test('a case catches a mistake, and an old version is restored', async ({ page }) => {
  await open(page);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Cases' }).click();
  await page.getByRole('button', { name: 'Run the cases' }).click();
  await expect(page.getByRole('dialog')).toContainText('1 of 5 records would differ');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Versions' }).click();
  await page.getByRole('button', { name: 'Restore' }).first().click();
  await expect(page.locator('.saving')).toContainText('version 15');
});

test('language and theme are switched and kept', async ({ page }) => {
  await page.goto('/#/settings');
  await page.getByRole('combobox').first().click();
  await page.getByRole('option', { name: 'Қазақша' }).click();
  await expect(page.getByRole('heading', { name: 'Баптаулар' })).toBeVisible();
  await page.getByRole('radio', { name: 'Қараңғы' }).click();
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Баптаулар' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('a million records scroll to the last', async ({ page }) => {
  await open(page, '/?rows=1000000#/flow/f1');
  await node(page, 'orders').click();
  await page.locator('.records-row').first().waitFor();
  await page.locator('.records').evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await expect(page.locator('.records-row[aria-rowindex="1000001"]')).toContainText('10-1004470');
});
