import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './engine.ts';
import { isSaved, node, run } from './hands.ts';

const greeting = {
  arna: 1,
  name: 'Greeting',
  nodes: {
    start: { kind: 'flow.input', config: { sample: [{ name: 'Aida' }] } },
    say: { kind: 'list.map', config: { fields: [{ name: 'text', value: 'Dear {{ name }}' }] } },
  },
  wires: [['start', 'say']],
  layout: { start: [0, 0], say: [280, 0] },
};

async function fromMenu(page: Page, name: string) {
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name, exact: true }).click();
  return page.getByRole('dialog');
}

test('what a flow leaves open is declared, filled, used and taken away in the editor', async ({ engine, open }) => {
  const { flow } = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify(greeting) });
  const kept = async () => JSON.parse((await engine.call<{ text: string }>('flow.get', { flow })).text);
  const inbox = join(engine.folder, 'inbox');
  mkdirSync(inbox);
  const page = await open(`flow/${flow}`);
  let dialog = await fromMenu(page, 'Slots');
  const name = dialog.getByRole('textbox', { name: 'Name' });
  await name.fill('Inbox');
  await expect(dialog).toContainText('Begin with a small Latin letter');
  await expect(dialog.getByRole('button', { name: 'Add' })).toBeDisabled();
  await name.fill('inbox');
  await name.press('Enter');
  await dialog.getByRole('textbox', { name: 'What to fill in, in your words: inbox' }).fill('Where the orders lie.');
  await dialog.getByRole('combobox', { name: 'What is done there: inbox' }).click();
  await page.getByRole('option', { name: 'to read and write' }).click();
  await dialog.getByRole('textbox', { name: 'inbox', exact: true }).fill(inbox);
  await page.keyboard.press('Enter');

  await name.fill('shop');
  await dialog.getByRole('combobox', { name: 'What fits' }).click();
  await page.getByRole('option', { name: 'text', exact: true }).click();
  await dialog.getByRole('button', { name: 'Add' }).click();
  await dialog.getByRole('textbox', { name: 'Usual value: shop' }).fill('the shop');
  await expect.poll(kept).toMatchObject({
    slots: { inbox: { folder: 'read_write', help: 'Where the orders lie.' }, shop: { text: 'the shop' } },
  });
  await dialog.getByRole('button', { name: 'Close' }).click();

  await node(page, 'say').click();
  await page.locator('.mapping-row .cm-content').click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type(' from ');
  // the closing braces come by themselves
  await page.keyboard.insertText('{{ slots.shop }}');
  await page.keyboard.press('Escape');
  await isSaved(page);
  await run(page);
  await node(page, 'say').click();
  await expect(page.locator('.records-row').first()).toContainText('Dear Aida from the shop');

  dialog = await fromMenu(page, 'Slots');
  const shop = dialog.getByRole('region', { name: 'shop' });
  await expect(shop.getByRole('button', { name: /It is used by/ })).toBeDisabled();
  await dialog.getByRole('region', { name: 'inbox' }).getByRole('button', { name: 'Remove inbox' }).click();
  await expect(dialog.getByRole('region', { name: 'inbox' })).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await isSaved(page);
  await expect.poll(async () => Object.keys((await kept()).slots)).toEqual(['shop']);
  await page.locator('.react-flow__pane').click({ position: { x: 30, y: 300 } });
  await page.keyboard.press('ControlOrMeta+z');
  await expect.poll(async () => Object.keys((await kept()).slots)).toEqual(['inbox', 'shop']);
});

test('another flow is chosen by its name, called, and its records come back', async ({ engine, open }) => {
  const price = {
    arna: 1,
    name: 'Цена заказа',
    nodes: {
      called: { kind: 'flow.called' },
      price: { kind: 'list.map', config: { fields: [{ name: 'price', value: '= qty * 20' }] } },
    },
    wires: [['called', 'price']],
    layout: { called: [0, 0], price: [280, 0] },
  };
  const orders = {
    arna: 1,
    name: 'Orders',
    nodes: { start: { kind: 'flow.input', config: { sample: [{ qty: 3 }] } }, ask: { kind: 'flow.each' } },
    wires: [['start', 'ask']],
    layout: { start: [0, 0], ask: [280, 0] },
  };
  const called = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify(price) });
  const { flow } = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify(orders) });
  const page = await open(`flow/${flow}`);
  await node(page, 'ask').click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await inspector.getByRole('combobox', { name: 'Flow' }).click();
  await expect(page.getByRole('option')).toHaveText(['Цена заказа']);
  await page.getByRole('option', { name: 'Цена заказа' }).click();
  await expect(inspector.getByRole('link', { name: 'Open' })).toHaveAttribute('href', `#/flow/${called.flow}`);
  await isSaved(page);
  const kept = JSON.parse((await engine.call<{ text: string }>('flow.get', { flow })).text);
  expect(kept).toMatchObject({ slots: { tsena_zakaza: { flow: 'Цена заказа' } }, nodes: { ask: { config: { slot: 'tsena_zakaza' } } } });
  await run(page);
  await node(page, 'ask').click();
  await page.getByRole('radio', { name: 'JSON' }).or(page.getByRole('tab', { name: 'JSON' })).or(page.getByRole('button', { name: 'JSON' })).first().click();
  await expect(page.locator('.drawer')).toContainText('60');

  await page.locator('.react-flow__pane').click({ position: { x: 30, y: 300 } });
  await page.keyboard.press('ControlOrMeta+z');
  await isSaved(page);
  const before = JSON.parse((await engine.call<{ text: string }>('flow.get', { flow })).text);
  expect([before.slots, before.nodes.ask.config?.slot]).toEqual([undefined, undefined]);
});
