/** What a person does in the editor, named once for all tests. */
import type { Locator, Page } from '@playwright/test';
import { expect } from './engine.ts';

export const node = (page: Page, id: string): Locator => page.locator(`.react-flow__node[data-id="${id}"]`);

/** Starts an empty flow from the first screen. */
export async function startEmpty(page: Page): Promise<void> {
  await page.getByRole('button', { name: /Start empty/ }).click();
  await page.locator('.coach').waitFor();
}

/** Chooses a kind in the open palette. */
export async function choose(page: Page, word: string): Promise<void> {
  await page.getByPlaceholder(/Search nodes|What comes next/).fill(word);
  await page.keyboard.press('Enter');
  await expect(page.getByPlaceholder(/Search nodes|What comes next/)).toHaveCount(0);
}

/** Draws a wire from a port to a port, or to a place on the empty canvas. */
export async function wire(page: Page, from: Locator, to: Locator | { x: number; y: number }): Promise<void> {
  const middle = async (it: Locator) => {
    const box = await it.boundingBox();
    if (!box) throw new Error('the port is not on the screen');
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  const start = await middle(from);
  const end = 'x' in to ? to : await middle(to);
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2, { steps: 4 });
  await page.mouse.move(end.x, end.y, { steps: 4 });
  await page.mouse.up();
}

/** Types into a field of the inspector that holds a formula or a text with formulas. */
export async function type(page: Page, label: string, text: string): Promise<void> {
  const field = page.locator(`.inspector .cm-content[aria-label="${label}"]`);
  await field.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
  await page.keyboard.press('Escape');
}

export const isSaved = (page: Page): Promise<void> => expect(page.locator('.saving')).toContainText(/version \d+, saved/);

export async function run(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('.last-run')).toContainText('last run');
}

/** Fills the slots on the sheet that opens with a flow from elsewhere, then opens the canvas. */
export async function fillSlots(page: Page, slots: Record<string, string>): Promise<void> {
  const sheet = page.getByRole('dialog');
  for (const [name, value] of Object.entries(slots)) {
    await sheet.getByRole('textbox', { name, exact: true }).fill(value);
    await page.keyboard.press('Enter');
  }
  await expect(sheet.getByRole('switch', { checked: false })).toHaveCount(0);
  await sheet.locator('.button[data-look="main"]').click();
  await page.locator('.card').first().waitFor();
}

/** Goes to a card, wherever it stands. */
export async function find(page: Page, id: string, title: string): Promise<void> {
  await page.locator('.card').first().waitFor();
  await page.locator('.react-flow__pane').click({ position: { x: 30, y: 300 } });
  await page.keyboard.press('Control+f');
  await page.locator('.find-box input').fill(title);
  await page.keyboard.press('Enter');
  await expect(node(page, id)).toBeFocused();
  await page.keyboard.press('Escape');
  await node(page, id).click();
}
