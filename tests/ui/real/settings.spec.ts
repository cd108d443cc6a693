import type { Locator } from '@playwright/test';
import { expect, test } from './engine.ts';
import { isSaved } from './hands.ts';

const doc = {
  arna: 1,
  name: 'Orders',
  nodes: {
    start: { kind: 'flow.input', config: { sample: [{ id: 1, customer: 'Aida' }] } },
    say: { kind: 'list.log', config: { text: '{{ id }}' } },
  },
  wires: [['start', 'say']],
  layout: { start: [0, 0], say: [280, 0] },
};

test('what holds for a whole flow is set, checked by the engine, kept, and undone', async ({ engine, open }) => {
  const { flow } = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify(doc) });
  const kept = async () => JSON.parse((await engine.call<{ text: string }>('flow.get', { flow })).text);
  const page = await open(`flow/${flow}`);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Flow settings' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: 'When runs meet' }).click();
  await page.getByRole('option', { name: 'Leave the new one out' }).click();
  await expect(dialog).toContainText('written down as left out');
  await dialog.getByRole('spinbutton', { name: 'Runs at once' }).fill('3');
  const order = dialog.locator('.cm-content[aria-label="One after another by"]');
  await order.click();
  await page.keyboard.type('customer +');
  await expect(dialog.locator('.field-bad').first()).toBeVisible();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('customer');
  await expect(dialog.locator('.field-bad')).toHaveCount(0);
  await dialog.getByLabel('Done by').fill('10:00');
  await dialog.getByRole('spinbutton', { name: 'Records, at least' }).fill('5');
  await expect(dialog).toContainText('Both numbers are needed');
  await dialog.getByRole('spinbutton', { name: 'Records, at most' }).fill('90');
  await dialog.getByRole('spinbutton', { name: 'Seconds a run may take' }).fill('60');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await isSaved(page);
  const set = { overlap: 'skip', concurrency: 3, order: '= customer' };
  await expect.poll(kept).toMatchObject({ ...set, expect: { by: '10:00', records: [5, 90], within_s: 60 } });

  await page.locator('.react-flow__pane').click({ position: { x: 30, y: 300 } });
  await page.keyboard.press('ControlOrMeta+z');
  await isSaved(page);
  await expect.poll(async () => (await kept()).expect?.within_s).toBeUndefined();
  expect(await kept()).toMatchObject(set);
});

test('a run is found by the value that its flow names in its settings', async ({ engine, open }) => {
  const { flow } = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify(doc) });
  const page = await open(`flow/${flow}`);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Flow settings' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'What it is for' }).fill('Says who ordered.');
  const field = dialog.getByRole('combobox', { name: 'Runs are found by' });
  for (const name of ['a', 'b', 'id', 'customer']) {
    await field.fill(name);
    await field.press('Enter');
  }
  await expect(dialog.locator('.chip')).toHaveText(['b', 'id', 'customer']);
  await dialog.getByRole('button', { name: 'Remove b' }).click();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await isSaved(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('.pill[data-tone="ok"]').first()).toBeVisible();

  await page.goto(page.url().replace(/#.*/, '#/runs'));
  const search = page.getByRole('searchbox', { name: 'Order number or other value' });
  await search.fill('zz');
  await expect(page.getByText('No run touched such a value')).toBeVisible();
  await search.fill('AID');
  await expect(page.getByRole('row')).toHaveCount(2);
  await page.getByRole('link', { name: 'Flows' }).or(page.getByRole('button', { name: 'Flows' })).first().click();
  await expect(page.getByRole('row', { name: /Orders/ })).toContainText('Says who ordered.');
});

test('times are told in the zone that holds: the node\'s, then the flow\'s, and a new flow has that of the settings', async ({ engine, open }) => {
  const daily = {
    ...doc,
    zone: 'Asia/Almaty',
    nodes: { start: { kind: 'schedule.cron', config: { cron: '0 9 * * *' } }, say: doc.nodes.say },
  };
  const { flow } = await engine.call<{ flow: string }>('flow.save', { text: JSON.stringify(daily) });
  const kept = async () => JSON.parse((await engine.call<{ text: string }>('flow.get', { flow })).text);
  const page = await open(`flow/${flow}`);
  const choose = async (within: Locator, zone: string) => {
    await within.getByRole('combobox', { name: 'Time zone' }).click();
    await page.getByRole('option', { name: zone, exact: true }).click();
  };
  await page.locator('.react-flow__node[data-id="start"]').click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector).toContainText('Next five times (Asia/Almaty)');
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Flow settings' }).click();
  await choose(page.getByRole('dialog'), 'Europe/Berlin');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await expect(inspector).toContainText('Next five times (Europe/Berlin)');
  await choose(inspector, 'America/New York');
  await expect(inspector).toContainText('Next five times (America/New York)');
  await isSaved(page);
  await expect.poll(kept).toMatchObject({ zone: 'Europe/Berlin', nodes: { start: { config: { zone: 'America/New_York' } } } });

  await page.goto(page.url().replace(/#.*/, '#/settings'));
  await page.getByRole('combobox', { name: 'Time zone of new flows' }).click();
  await page.getByRole('option', { name: 'Asia/Tokyo', exact: true }).click();
  await page.getByRole('link', { name: 'Flows' }).or(page.getByRole('button', { name: 'Flows' })).first().click();
  await page.getByRole('button', { name: 'New flow' }).first().click();
  await expect(page).toHaveURL(/#\/flow\//);
  const made = page.url().replace(/.*#\/flow\//, '');
  expect(JSON.parse((await engine.call<{ text: string }>('flow.get', { flow: made })).text).zone).toBe('Asia/Tokyo');
});

test('the rate of a connection is set in words and told in the list', async ({ engine, open }) => {
  await engine.call('connections.save', { name: 'ledger', kind: 'http', config: { address: 'https://ledger.example' }, secrets: { token: 'x' } });
  const page = await open('connections');
  await page.getByRole('button', { name: 'ledger', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('spinbutton', { name: 'Calls, at most' }).fill('600');
  await dialog.getByRole('combobox', { name: 'In what time' }).click();
  await page.getByRole('option', { name: 'per minute' }).click();
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('row').nth(1)).toContainText('600 per minute');
  const { connections } = await engine.call<{ connections: { rate: string; secrets: string[] }[] }>('connections.list');
  expect(connections.map(({ rate, secrets }) => ({ rate, secrets }))).toEqual([{ rate: '600/min', secrets: ['token'] }]);
});

test('a question is answered with what the system said, where the person knows it', async ({ open }) => {
  const page = await open('runs');
  const question = { id: 'q1', flow: 'f', flow_name: 'Orders', run: 'r', node: 'post', title: 'Post to the ledger', record: { id: 42 }, sentence: 'Was invoice 42 sent to ledger?', asked_ms: 0 };
  const answers: unknown[] = [];
  await page.route('**/api/questions.list', (route) => route.fulfill({ json: { questions: answers.length ? [] : [question] } }));
  await page.route('**/api/questions.answer', (route) => {
    answers.push(route.request().postDataJSON());
    return route.fulfill({ json: {} });
  });
  await page.getByRole('link', { name: 'Failed' }).or(page.getByRole('button', { name: 'Failed' })).first().click();
  const card = page.getByRole('region', { name: question.sentence });
  await card.getByText('What was being sent').click();
  await expect(card.locator('pre')).toContainText('42');
  await card.getByRole('textbox').fill('{"number": "INV-7"}');
  await card.getByRole('button', { name: 'Yes, it was sent' }).click();
  await expect(card).toHaveCount(0);
  expect(answers).toEqual([{ id: 'q1', answer: 'happened', value: { number: 'INV-7' } }]);
});

test('a run that is held back says so and is released from the list', async ({ open }) => {
  const page = await open('flows');
  const held = { run: 'r1', flow: 'f', flow_name: 'Orders', state: 'held', started_ms: 0, ended_ms: null, records: 3, failed: 0, trigger: 'start', rehearsal: false, error: null };
  const released: unknown[] = [];
  await page.route('**/api/runs.list', (route) => route.fulfill({ json: { runs: [{ ...held, state: released.length ? 'running' : 'held' }], cursor: null } }));
  await page.route('**/api/run.release', (route) => {
    released.push(route.request().postDataJSON());
    return route.fulfill({ json: {} });
  });
  await page.getByRole('link', { name: 'Runs' }).or(page.getByRole('button', { name: 'Runs' })).first().click();
  const row = page.getByRole('row').nth(1);
  await expect(row.locator('.pill[data-tone="bad"]')).toHaveText('held back');
  await row.getByRole('button', { name: 'Set to work again' }).click();
  await expect(row).toContainText('running');
  await expect(row.getByRole('button', { name: 'Set to work again' })).toHaveCount(0);
  expect(released).toEqual([{ run: 'r1' }]);
});
