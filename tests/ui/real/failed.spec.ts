import { expect, test } from './engine.ts';
import { isSaved, node, run } from './hands.ts';

const doc = {
  arna: 1,
  name: 'Large orders',
  nodes: {
    start: { kind: 'flow.input', config: { sample: [{ id: 1, total: 20 }, { id: 2, total: 'many' }, { id: 3, total: 5 }] } },
    large: { kind: 'list.filter', title: 'Large ones', config: { keep: '= total > 10' } },
    say: { kind: 'list.log', config: { text: '{{ id }}' } },
  },
  wires: [['start', 'large'], ['large', 'say']],
  layout: { start: [0, 0], large: [280, 0], say: [560, 0] },
};

test('a failed record is mended, sent again, and arrives', async ({ engine, open }) => {
  const { flow } = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify(doc) });
  const page = await open(`flow/${flow}`);
  await run(page);
  await expect(node(page, 'large')).toContainText('1 failed');
  await node(page, 'large').click();
  await page.locator('.drawer .pill[data-tone="bad"]').click();
  await expect(page.getByRole('heading', { name: 'Failed' })).toBeVisible();
  const card = page.locator('.panel').first();
  await expect(card).toContainText('Large orders');
  await expect(card.getByRole('row')).toHaveCount(2);
  await card.getByRole('button', { name: 'Change and send again' }).click();
  const text = page.getByRole('textbox', { name: 'Record' });
  await expect(text).toHaveValue(/"many"/);
  await text.fill('{ "id": 2, "total": ');
  await expect(page.getByRole('button', { name: 'Send this' })).toBeDisabled();
  await text.fill('{ "id": 2, "total": 40 }');
  await page.getByRole('button', { name: 'Send this' }).click();
  await expect(page.locator('.toast')).toContainText('1 record sent again');
  await expect(page.getByRole('heading', { name: 'Nothing has failed' })).toBeVisible();
  await expect
    .poll(async () => {
      const { runs } = await engine.call<{ runs: { state: string }[] }>('runs.list', { flow });
      return runs.map((it) => it.state);
    })
    .toEqual(['ok', 'partial']);
});

test('a case catches a mistake before the flow goes live, and the version before it is restored', async ({ engine, open }) => {
  const good = structuredClone(doc);
  good.nodes.start.config.sample[1] = { id: 2, total: 30 };
  const { flow } = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify(good) });
  const page = await open(`flow/${flow}`);
  await run(page);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Cases' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill('three-orders');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toContainText('three-orders');
  await dialog.getByRole('button', { name: 'Run the cases' }).click();
  await expect(dialog.locator('.case')).toContainText('as expected');
  await page.keyboard.press('Escape');

  await node(page, 'large').click();
  const keep = page.locator('.inspector .cm-content[aria-label="Keep when"]');
  await keep.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('total > 25');
  await page.keyboard.press('Escape');
  await isSaved(page);
  await page.getByRole('switch', { name: 'On' }).click();
  await expect(dialog.getByRole('alert')).toContainText('The flow stays as it was');
  await expect(dialog.locator('.case')).toContainText('would differ');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('switch', { name: 'On' })).not.toBeChecked();

  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Versions' }).click();
  await dialog.getByRole('button', { name: 'What changed since' }).nth(1).click();
  await expect(dialog.locator('.diff')).toContainText('Large ones');
  await dialog.getByRole('button', { name: 'Restore' }).first().click();
  await expect(dialog).toHaveCount(0);
  await node(page, 'large').click();
  await expect(keep).toHaveText('total > 10');
  await page.getByRole('switch', { name: 'On' }).click();
  await expect(page.getByRole('switch', { name: 'On' })).toBeChecked();
});
