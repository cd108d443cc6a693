import { expect, type Page, test } from '@playwright/test';

// On the engine in the page: what needs a table that no engine was given, or a first look without one.

const node = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);
const open = async (page: Page, path = '/#/flow/f1') => {
  await page.addInitScript(() => localStorage.setItem('arna.language', 'en'));
  await page.goto(path);
};

test('a million records scroll to the last', async ({ page }) => {
  await open(page, '/?rows=1000000#/flow/f1');
  await node(page, 'orders').click();
  await page.locator('.records-row').first().waitFor();
  await page.locator('.records').evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await expect(page.locator('.records-row[aria-rowindex="1000001"]')).toContainText('10-1004470');
});

test('the engine in the page draws every kind of the real one', async ({ page }) => {
  await open(page);
  await node(page, 'match').click();
  await expect(page.locator('.inspector')).toContainText('Puts each record of the left list together');
  await node(page, 'orders').click();
  await expect(page.locator('.records-row').first()).toBeVisible();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('.last-run')).toContainText('3 failed');
});
