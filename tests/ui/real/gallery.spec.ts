import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './engine.ts';
import { fillSlots, find, node, run, type } from './hands.ts';

const TWO_MINUTES_MS = 120_000;

test('from a first start a flow of the gallery is imported, filled and green within two minutes', async ({ engine, open }) => {
  const began_ms = Date.now();
  const page = await open();
  await page.getByRole('button', { name: /gallery/i }).first().click();
  await page.getByRole('button', { name: 'Use: Bank statement and invoices' }).click();
  const data = engine.data('bank-statement');
  await fillSlots(page, { inbox: data, reports: data });
  await run(page);
  await expect(page.locator('.last-run .pill')).toHaveAttribute('data-tone', 'ok');
  expect(Date.now() - began_ms).toBeLessThan(TWO_MINUTES_MS);
  expect(existsSync(join(data, 'payments.xlsx'))).toBe(true);

  await test.step('the drawer shows what each port gave, as table, JSON and schema', async () => {
    await page.getByRole('button', { name: /^Show everything/ }).click();
    await node(page, 'match').click();
    await page.getByRole('radio', { name: 'matched', exact: true }).click();
    await expect(page.locator('.records-row')).toHaveCount(3);
    await page.getByRole('radio', { name: 'left only', exact: true }).click();
    await expect(page.locator('.records-row')).toHaveCount(1);
    await page.getByRole('radio', { name: 'JSON', exact: true }).click();
    await expect(page.locator('pre.json')).toContainText('"purpose"');
    await page.getByRole('radio', { name: 'Schema', exact: true }).click();
    await expect(page.getByRole('row', { name: /paid number/ })).toBeVisible();
    await page.getByRole('radio', { name: 'Table', exact: true }).click();
    await page.getByRole('radio', { name: 'Into', exact: true }).click();
    await page.getByRole('radio', { name: 'right', exact: true }).click();
    await expect(page.locator('.records-row')).toHaveCount(4);
    await page.getByPlaceholder('Find in table').fill('INV-3051');
    await expect(page.locator('.records-row')).toHaveCount(1);
    await page.getByPlaceholder('Find in table').fill('');
  });

  await test.step('a formula is answered by the engine as it is typed, with completion and a mistake in words', async () => {
    await node(page, 'incoming').click();
    await type(page, 'Keep when', '`СуммаПриход` > 1000');
    await expect(page.locator('.formula-result')).toContainText('true');
    await type(page, 'Keep when', '`СуммаПрихо` > 1000');
    await expect(page.locator('.inspector .field-bad')).toContainText('СуммаПриход');
    const field = page.locator('.inspector .cm-content[aria-label="Keep when"]');
    await field.click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('round');
    await expect(page.locator('.cm-tooltip-autocomplete')).toContainText('round half');
    await page.keyboard.press('Escape');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('`СуммаПриход` != null and `СуммаПриход` > 0');
    await expect(page.locator('.formula-result')).toContainText('true');
  });

  await test.step('a run to a node goes no further, and its output is pinned as the sample', async () => {
    await page.keyboard.press('Escape');
    await find(page, 'payment', 'Payment');
    await page.getByRole('button', { name: 'Run to here' }).click();
    await expect(node(page, 'payment')).toContainText('4 records');
    await expect(node(page, 'match')).toContainText('not run yet');
    await page.getByRole('button', { name: 'Pin sample' }).click();
    await expect(page.getByRole('button', { name: 'Unpin sample' })).toBeVisible();
  });
});

test('a flow of the gallery is taken in the language of the window', async ({ engine, open }) => {
  await engine.call('settings.set', { ...(await engine.call('settings.get')), language: 'ru' });
  const page = await open('gallery');
  await page.getByRole('button', { name: 'Взять: Выписка банка и счета' }).click();
  const sheet = page.getByRole('dialog');
  await expect(sheet).toContainText('Папка с файлом kl_to_1c.txt из банка');
  await expect(sheet).toContainText('Выписка банка');
  const data = engine.data('bank-statement');
  await fillSlots(page, { inbox: data, reports: data });
  await expect(node(page, 'incoming')).toContainText('Платежи нам');
  const { flows } = await engine.call<{ flows: { name: string }[] }>('flows.list');
  expect(flows.map((it) => it.name)).toEqual(['Выписка банка и счета']);
});

test('a folder and a file are chosen by looking for them', async ({ engine, open }) => {
  const page = await open('gallery');
  await page.getByRole('button', { name: 'Use: Bank statement and invoices' }).click();
  const sheet = page.getByRole('dialog', { name: /Bank statement/ });
  const inbox = sheet.getByRole('textbox', { name: 'inbox', exact: true });
  const data = engine.data('bank-statement');
  await inbox.fill(join(data, 'gone'));
  await page.keyboard.press('Enter');
  await expect(sheet.locator('.field-bad')).toContainText('gone');
  await inbox.fill(data);
  await sheet.getByRole('button', { name: 'Choose a folder' }).first().click();
  const choice = page.getByRole('dialog', { name: 'Choose a folder' });
  await expect(choice.getByRole('button', { name: 'kl_to_1c.txt' })).toBeDisabled();
  await choice.getByRole('button', { name: 'One folder up' }).click();
  await choice.getByRole('button', { name: 'bank-statement', exact: true }).click();
  await expect(choice.getByRole('button', { name: 'invoices.csv' })).toBeVisible();
  await choice.getByRole('button', { name: 'Take this folder' }).click();
  await expect(inbox).toHaveValue(data);
  await expect(sheet.locator('.field-bad')).toHaveCount(0);
  await sheet.locator('.button[data-look="main"]').click();

  await find(page, 'invoices', 'Open invoices');
  await type(page, 'File', join(data, 'kl_to_1c.txt'));
  await page.getByRole('button', { name: 'Choose a file' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'invoices.csv' }).click();
  await expect(page.locator('.inspector .cm-content[aria-label="File"]')).toHaveText(join(data, 'invoices.csv'));
});
