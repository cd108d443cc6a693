import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './engine.ts';
import { isSaved, node, run, type } from './hands.ts';

type Saved = { flow: string };
const started = (nodes: object, wires: string[][], name = 'Bad input') =>
  JSON.stringify({ arna: 1, name, nodes: { start: { kind: 'flow.input' }, ...nodes }, wires, layout: { start: [0, 0] } });

test('a file of a newer Arna is refused with what to do, and one that is no flow too', async ({ engine, open }) => {
  const page = await open('gallery');
  const choose = async (name: string, text: string) => {
    const file = join(engine.folder, name);
    writeFileSync(file, text);
    await page.locator('input[type="file"]').first().setInputFiles(file);
  };
  await choose('newer.flow.json', JSON.stringify({ arna: 2, name: 'Later', nodes: {}, wires: [] }));
  await expect(page.locator('.toast').last()).toContainText(/newer|version/i);
  await choose('picture.flow.json', 'PNG\u0000\u0001 not a flow');
  await expect(page.locator('.toast').last()).toContainText('picture.flow.json');
  await choose('list.flow.json', '[1, 2, 3]');
  await expect(page.locator('.toast').last()).toContainText('list.flow.json');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('a flow with an unknown kind opens, says which, and keeps it when it is saved', async ({ engine, open }) => {
  const text = started({ odd: { kind: 'sap.post', title: 'Post to SAP', config: { client: '100' } } }, [['start', 'odd']]);
  const { flow } = await engine.call<Saved>('flow.import', { text });
  const page = await open(`flow/${flow}`);
  await expect(node(page, 'odd')).toContainText('sap.post');
  await node(page, 'odd').click();
  await expect(page.getByRole('complementary')).toContainText('sap.post');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('.problems')).toContainText('sap.post');
  await page.getByRole('textbox', { name: 'Name of the flow' }).fill('Still there');
  await expect.poll(async () => (await engine.call<{ text: string }>('flow.get', { flow })).text).toContain('Still there');
  expect((await engine.call<{ text: string }>('flow.get', { flow })).text).toContain('"client": "100"');
});

test('ten megabytes in one field stop neither the table nor the form', async ({ engine, open }) => {
  const big = 'x'.repeat(10_000_000);
  const folder = join(engine.folder, 'in');
  mkdirSync(folder);
  writeFileSync(join(folder, 'big.json'), JSON.stringify([{ id: 1, body: big }, { id: 2, body: 'small' }]));
  const text = started(
    { read: { kind: 'json.read', config: { path: `${folder}/big.json`, max_record_kib: 16_384 } }, few: { kind: 'list.filter', config: { keep: '= id = 2' } } },
    [['start', 'read'], ['read', 'few']],
  );
  const { flow } = await engine.call<Saved>('flow.save', { text });
  const { authority } = await engine.call<{ authority: { node: string; resource: object }[] }>('grants.list', { flow });
  for (const { node: of, resource } of authority) await engine.call('grants.set', { flow, node: of, resource, granted: true });
  const page = await open(`flow/${flow}`);
  await run(page);
  await node(page, 'read').click();
  await expect(page.locator('.records-row')).toHaveCount(1);
  await expect(page.locator('.drawer-head')).toContainText('1 of them were kept');
  await node(page, 'few').click();
  await expect(page.locator('.card[data-selected]')).toContainText('records');
  await type(page, 'Keep when', 'id = 2 and string length(body) < 100');
  await isSaved(page);
  await run(page);
  await expect(page.locator('.last-run .pill')).toHaveAttribute('data-tone', 'ok');
});

test('control and right-to-left characters in names are refused in a file, in words, and taken out of what is typed', async ({ engine, open }) => {
  const { flow } = await engine.call<Saved>('flow.save', { text: started({ say: { kind: 'list.log', title: 'فاتورة abc', config: { text: 'x' } } }, [['start', 'say']], 'فاتورة 2026') });
  const page = await open();
  const file = join(engine.folder, 'turned.flow.json');
  writeFileSync(file, started({}, [], 'invoice \u202Exslx'));
  await page.locator('input[type="file"]').first().setInputFiles(file);
  await expect(page.locator('.toast').last()).toContainText('turned.flow.json');
  await expect(page.locator('.toast').last()).toContainText('U+202E');
  await page.locator('.list-link').first().click();
  await expect(node(page, 'say')).toContainText('فاتورة abc');
  await node(page, 'say').click();
  const title = page.getByRole('textbox', { name: 'Title of the node' });
  await title.fill('a\u0007b\u202Ec');
  await expect(title).toHaveValue('abc');
  await isSaved(page);
  expect((await engine.call<{ text: string }>('flow.get', { flow })).text).toContain('"title": "abc"');
});

test('a paste that is not what it claims is refused in words and changes nothing', async ({ engine, open }) => {
  const { flow } = await engine.call<Saved>('flow.save', { text: started({}, []) });
  const page = await open(`flow/${flow}`);
  await node(page, 'start').waitFor();
  const paste = (text: string) =>
    page.evaluate((it) => {
      const data = new DataTransfer();
      data.setData('text/plain', it);
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
    }, text);
  const said = page.locator('.toast').last();
  await paste('{ "arna": 1, "nodes": ');
  await expect(said).toContainText('neither a flow nor an address');
  await paste('{ "arna": 1, "nodes": { "a": 5 }, "wires": [] }');
  await expect(said).toContainText('not a flow file');
  await paste('{ "arna": 9, "nodes": {}, "wires": [] }');
  await expect(said).toContainText('newer Arna');
  await paste(`{ "arna": 1, "nodes": {}, "wires": [], "pad": "${'x'.repeat(6_000_000)}" }`);
  await expect(said).toContainText('too long');
  await paste('id;name\n1;Aida\n2;Marat;x');
  await expect(said).toContainText('row 3 has 3 values and the head has 2');
  await paste('id;name\n1;"Aida\n2;Marat');
  await expect(said).toContainText('opened in row 2 is never closed');
  await expect(page.locator('.react-flow__node-card')).toHaveCount(1);
  await paste('https://api.example/orders');
  await expect(node(page, 'request')).toContainText('https://api.example/orders');
});

test('a folder that cannot be used is said at its slot, and one that is gone later at the node that needs it', async ({ engine, open }) => {
  const folder = engine.data('bank-statement');
  const text = readFileSync(join(import.meta.dirname, '../../../flows/bank-statement/flow.json'), 'utf8');
  const { flow } = await engine.call<Saved>('flow.import', { text });
  const page = await open(`flow/${flow}`);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('textbox', { name: 'inbox' }).fill(join(folder, 'nowhere'));
  await page.keyboard.press('Enter');
  await expect(sheet.locator('.field-bad')).toContainText('nowhere cannot be used');
  for (const slot of ['inbox', 'reports']) {
    await sheet.getByRole('textbox', { name: slot }).fill(folder);
    await page.keyboard.press('Enter');
  }
  await expect(sheet.locator('.field-bad')).toHaveCount(0);
  await expect(sheet.getByRole('switch', { checked: false })).toHaveCount(0);
  rmSync(folder, { recursive: true });
  await sheet.getByRole('button', { name: 'Allow and run' }).click();
  await expect(page.locator('.last-run .pill')).toHaveAttribute('data-tone', 'bad');
  await expect(page.locator('.run-error')).toContainText(folder);
});

test('a full disk is said in the bar, and the edit is kept here and saved when there is room again', async ({ engine, open, context }) => {
  const { flow } = await engine.call<Saved>('flow.save', { text: started({}, []) });
  const page = await open(`flow/${flow}`);
  await node(page, 'start').waitFor();
  const sentence = 'The disk is full: the journal cannot be written. Free some space; it will be tried again.';
  await context.route('**/api/flow.save', (route) =>
    route.fulfill({ status: 503, contentType: 'application/json', body: JSON.stringify({ code: 'unavailable', sentence, field: '' }) }),
  );
  await page.getByRole('textbox', { name: 'Name of the flow' }).fill('Kept while the disk is full');
  await expect(page.locator('.saving')).toContainText('The disk is full');
  await context.unroute('**/api/flow.save');
  await expect(page.locator('.saving')).toContainText(/version \d+, saved/);
  expect((await engine.call<{ text: string }>('flow.get', { flow })).text).toContain('Kept while the disk is full');
});
