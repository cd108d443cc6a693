import { type Engine, expect, test } from './engine.ts';
import { node, run } from './hands.ts';

async function save(engine: Engine, nodes: object, wires: string[][]): Promise<string> {
  const layout = Object.fromEntries(Object.keys(nodes).map((id, place) => [id, [place * 300, (place % 2) * 120]]));
  const { flow } = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify({ arna: 1, name: 'Wires', nodes, wires, layout }) });
  const { authority } = await engine.call<{ authority: { node: string; resource: object }[] }>('grants.list', { flow });
  for (const it of authority) await engine.call('grants.set', { flow, node: it.node, resource: it.resource, granted: true });
  return flow;
}

test('a wire shows its first records when the pointer rests on it, and nothing once it is left', async ({ engine, open }) => {
  const sample = Array.from({ length: 20 }, (_, id) => ({ id, customer: `customer ${id}`, total: id * 1000.5 }));
  const flow = await save(engine, { start: { kind: 'flow.input', config: { sample } }, few: { kind: 'list.limit', config: { count: 8 } }, say: { kind: 'list.log', config: { text: 'x' } } }, [['start', 'few'], ['few', 'say']]);
  const page = await open(`flow/${flow}`);
  await run(page);
  await expect(page.locator('.wire-count').nth(1)).toHaveText('8');
  const peek = page.locator('.peek');
  await page.locator('.react-flow__edge').nth(1).hover();
  await expect(peek.locator('th')).toHaveText(['customer', 'id', 'total']);
  await expect(peek.locator('tbody tr')).toHaveCount(3);
  await expect(peek.locator('tbody tr').nth(2)).toContainText('customer 2');
  await expect(peek).toContainText('3 of 8 records');
  await page.locator('.react-flow__pane').hover({ position: { x: 300, y: 400 } });
  await expect(peek).toHaveCount(0);
});

test('a wire whose records went nowhere is marked and says how many, and the others are not', async ({ engine, open }) => {
  const sample = Array.from({ length: 20 }, (_, id) => ({ id, total: id % 5 ? id : 'none' }));
  const flow = await save(
    engine,
    {
      start: { kind: 'flow.input', config: { sample } },
      twice: { kind: 'list.map', config: { fields: [{ name: 'twice', value: '= total * 2' }], keep_others: true } },
      write: { kind: 'csv.write', config: { path: `${engine.folder}/nowhere/x.csv` } },
    },
    [['start', 'twice'], ['twice', 'write']],
  );
  const page = await open(`flow/${flow}`);
  await run(page);
  await expect(page.locator('.last-run .pill')).toHaveAttribute('data-tone', 'bad');
  await expect(page.locator('.wire[data-lost]')).toHaveCount(1);
  await expect(page.locator('.wire-count[data-lost]')).toHaveText('16');
  await page.locator('.react-flow__edge').nth(1).hover();
  await expect(page.locator('.peek')).toContainText('16 records went in here and nothing came of them');
});

test('a card says whether it may act twice, whether it is tried again and where its failures go', async ({ engine, open }) => {
  const flow = await save(
    engine,
    {
      start: { kind: 'flow.input' },
      post: { kind: 'http.request', config: { method: 'POST', url: 'http://127.0.0.1:9/orders' }, policy: { retry: 'patient' } },
      write: { kind: 'csv.write', config: { path: `${engine.folder}/x.csv` } },
      say: { kind: 'list.log', config: { text: 'x' } },
    },
    [['start', 'post'], ['post', 'write'], ['post.error', 'say']],
  );
  const page = await open(`flow/${flow}`);
  const badges = node(page, 'post').locator('.card-badge');
  await expect(badges).toHaveCount(3);
  await expect(badges.first()).toHaveText('may repeat');
  await expect(badges.nth(1)).toHaveAccessibleName('Tries again');
  await expect(badges.nth(2)).toHaveAccessibleName('Failed records go on through the error port');
  await expect(node(page, 'say').locator('.card-badge')).toHaveCount(0);
});
