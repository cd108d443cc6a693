import { type Engine, expect, test } from './engine.ts';
import { node, run } from './hands.ts';

async function furnished(engine: Engine, nodes: object, wires: string[][], sample: object[]): Promise<string> {
  const all = { start: { kind: 'flow.input', config: { sample } }, ...nodes };
  const layout = Object.fromEntries(Object.keys(all).map((id, place) => [id, [place * 280, 0]]));
  const { flow } = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify({ arna: 1, name: 'Forms', nodes: all, wires, layout }) });
  const { authority } = await engine.call<{ authority: { node: string; resource: object }[] }>('grants.list', { flow });
  for (const it of authority) await engine.call('grants.set', { flow, node: it.node, resource: it.resource, granted: true });
  return flow;
}

const ORDERS = [
  { customer: 'Aida', qty: 3, 'unit price': 20.5 },
  { customer: 'Marat', qty: 1, 'unit price': 8 },
];

test('a click on a value or a head in the drawer puts its path into the formula that had the focus', async ({ engine, open }) => {
  const flow = await furnished(engine, { keep: { kind: 'list.filter', config: { keep: '= qty > 0' } } }, [['start', 'keep']], ORDERS);
  const page = await open(`flow/${flow}`);
  await run(page);
  await node(page, 'keep').click();
  await page.getByRole('radio', { name: 'Into' }).click();
  await page.locator('.records-row').first().waitFor();
  await expect(page.locator('[data-pick]')).toHaveCount(0);
  const field = page.locator('.inspector .cm-content[aria-label="Keep"]');
  await field.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.locator('.records-row').first().locator('[data-pick="qty"]').click();
  await expect(field).toBeFocused();
  await page.keyboard.type(' * ');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Put unit price into Keep' }).click();
  await expect(field).toHaveText('qty * `unit price`');
  await expect(page.locator('.formula-result b')).toHaveText('61.5');
});

test('fields are picked from those that really arrive, each with its type and a sample', async ({ engine, open }) => {
  const write = { kind: 'csv.write', config: { path: `${engine.folder}/x.csv` } };
  const flow = await furnished(engine, { write }, [['start', 'write']], ORDERS);
  const page = await open(`flow/${flow}`);
  await run(page);
  await node(page, 'write').click();
  const columns = page.getByRole('combobox', { name: 'Columns' });
  await columns.click();
  const options = page.getByRole('option');
  await expect(options).toHaveCount(3);
  await expect(options.filter({ hasText: 'qty' })).toContainText('number');
  await expect(options.filter({ hasText: 'customer' })).toContainText('Aida');
  await options.filter({ hasText: 'qty' }).click();
  await columns.pressSequentially('cust');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await columns.pressSequentially('note');
  await page.keyboard.press('Enter');
  await expect(page.locator('.chip')).toHaveText(['qty', 'customer', 'note']);
  await expect.poll(async () => (await engine.call<{ text: string }>('flow.get', { flow })).text.replace(/\s/g, '')).toContain('"columns":["qty","customer","note"]');
});
