import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Engine, expect, test } from './engine.ts';
import { isSaved, node, run } from './hands.ts';

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
  const field = page.locator('.inspector .cm-content[aria-label="Keep when"]');
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

test('a match shows both lists side by side with what meets and what stays alone, by keys it proposes', async ({ engine, open }) => {
  const list = (records: object[]) => ({ kind: 'list.split', config: { list: `= ${JSON.stringify(records)}` } });
  const flow = await furnished(
    engine,
    {
      orders: list([{ id: 1, sku: 'A-7' }, { id: 2, sku: 'b-2' }, { id: 3, sku: null }]),
      goods: list([{ SKU: 'A-7', price: 20.5 }, { SKU: 'B-2', price: 8 }, { SKU: 'C-1', price: 1 }]),
      match: { kind: 'list.join', config: { on: [] } },
      name: { kind: 'list.map', config: { fields: [{ name: 'cost', value: '= price * 2' }] } },
    },
    [['start', 'orders'], ['start', 'goods'], ['orders', 'match.left'], ['goods', 'match.right'], ['match', 'name']],
    [{}],
  );
  const page = await open(`flow/${flow}`);
  await engine.call('run.start', { flow, to_node: 'match', text: (await engine.call<{ text: string }>('flow.get', { flow })).text.replace('"on": []', '"on": [{"left": "= sku", "right": "= SKU"}]') });
  await expect(page.locator('.last-run')).toContainText('last run');
  await node(page, 'match').click();
  await page.getByRole('button', { name: 'Match by sku' }).click();
  const counts = page.locator('.match .segment');
  await expect(counts).toHaveText(['1 matched', '2 only left', '2 only right']);
  await expect(page.locator('.match-table tbody tr')).toHaveText(['A-7 1A-7 20.50']);
  const left = page.locator('.cm-content[aria-label="Left 1"]');
  await left.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('upper case(sku)');
  await page.keyboard.press('Escape');
  await expect(counts).toHaveText(['2 matched', '1 only left', '1 only right']);
  await counts.nth(2).click();
  await expect(page.locator('.match-table tbody tr')).toHaveText(['–C-1 1']);
  await expect(page.locator('.match .field-bad')).toHaveCount(0);
});

test('a mapping shows what each target gets for the sample', async ({ engine, open }) => {
  const fields = [{ name: 'who', value: '= customer' }, { name: 'sum', value: '= qty * `unit price`' }, { name: 'wrong', value: '= customr' }];
  const flow = await furnished(engine, { name: { kind: 'list.map', config: { fields } } }, [['start', 'name']], ORDERS);
  const page = await open(`flow/${flow}`);
  await run(page);
  await node(page, 'name').click();
  const targets = page.locator('.mapping-row');
  await expect(targets.nth(0).locator('.formula-result')).toContainText('Aida');
  await expect(targets.nth(1).locator('.formula-result')).toContainText('61.5');
  await expect(targets.nth(2)).toContainText('There is no field customr');
});

test('the field of an answer and of the record that opened a file are named in the form', async ({ engine, open }) => {
  writeFileSync(join(engine.folder, 'a.csv'), 'id\n1\n2\n');
  const read = { kind: 'csv.read', config: { path: join(engine.folder, 'a.csv') } };
  const flow = await furnished(engine, { read, seen: { kind: 'list.seen', config: { by: ['= id'] } } }, [['start', 'read'], ['read', 'seen']], ORDERS.slice(0, 1));
  const kept = async () => JSON.parse((await engine.call<{ text: string }>('flow.get', { flow })).text).nodes;
  const page = await open(`flow/${flow}`);
  await node(page, 'read').click();
  await page.getByRole('textbox', { name: 'Keep what opened it in' }).fill('order');
  await node(page, 'seen').click();
  const into = page.getByRole('textbox', { name: 'The answer goes into' });
  await expect(into).toHaveAttribute('placeholder', 'seen');
  await into.fill('run');
  await expect(page.locator('.saving')).toContainText('is a word that formulas keep for themselves');
  await into.fill('known');
  await isSaved(page);
  await expect.poll(kept).toMatchObject({ read: { keep_as: 'order' }, seen: { into: 'known' } });
});

test('a table copied from a spreadsheet becomes a start with its rows, which a run hands on', async ({ engine, open }) => {
  const flow = await furnished(engine, {}, [], [{}]);
  const page = await open(`flow/${flow}`);
  await node(page, 'start').waitFor();
  await node(page, 'start').click();
  await page.keyboard.press('Delete');
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData('text/plain', 'Заказ\tИИН\tСумма\n1\t001240000123\t12,5\n2\t870101300123\t7\n');
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
  });
  await expect(node(page, 'input')).toBeVisible();
  await run(page);
  await expect(page.locator('.last-run')).toContainText('2 records');
  await node(page, 'input').click();
  await expect(page.locator('.records-row').first()).toContainText('001240000123');
  await expect(page.getByRole('columnheader', { name: 'Сумма' })).toContainText('number');
});
