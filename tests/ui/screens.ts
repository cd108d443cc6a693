import type { Page } from '@playwright/test';

/** Every screen and state that is drawn, scanned and looked at. */
export const SCREENS: { name: string; path: string; open?: (page: Page) => Promise<void> }[] = [
  { name: 'flows', path: '/#/flows' },
  { name: 'first-start', path: '/?first#/flows' },
  {
    name: 'editor',
    path: '/#/flow/f1',
    open: async (page) => {
      await page.locator('.react-flow__node[data-id="post"]').click();
      await page.locator('.records-row').first().waitFor();
      await page.locator('.mapping-row .cm-content').nth(2).click();
      await page.locator('.formula:not([data-compact]) .formula-result').first().waitFor();
    },
  },
  {
    name: 'editor-palette',
    path: '/#/flow/f1',
    open: async (page) => {
      await page.mouse.move(420, 300);
      await page.keyboard.press('/');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'editor-schedule',
    path: '/#/flow/f1',
    open: async (page) => {
      await page.locator('.react-flow__node[data-id="morning"]').click();
      await page.locator('.next-times').waitFor();
    },
  },
  { name: 'editor-empty', path: '/#/flow/f1', open: async (page) => {
    await page.goto('/?first#/flows');
    await page.locator('.choice').last().click();
    await page.locator('.coach').waitFor();
  } },
  { name: 'runs', path: '/#/runs' },
  { name: 'failed', path: '/#/failed' },
  { name: 'connections', path: '/#/connections' },
  { name: 'connection', path: '/#/connections', open: async (page) => {
    await page.locator('.screen-head .button').last().click();
    await page.getByRole('dialog').waitFor();
  } },
  { name: 'gallery', path: '/#/gallery' },
  { name: 'trust', path: '/#/gallery', open: async (page) => {
    await page.locator('.gallery-card .button').first().click();
    await page.getByRole('dialog').waitFor();
  } },
  { name: 'settings', path: '/#/settings' },
  { name: 'command', path: '/#/flows', open: async (page) => {
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
  } },
];

export async function visit(page: Page, screen: (typeof SCREENS)[number], theme: string, language: string): Promise<void> {
  await page.addInitScript(([wantedTheme, wantedLanguage]) => {
    localStorage.setItem('arna.theme', wantedTheme ?? '');
    localStorage.setItem('arna.language', wantedLanguage ?? '');
  }, [theme, language]);
  await page.goto(screen.path);
  await page.locator('main').waitFor();
  if (screen.path.includes('flow/')) await page.locator('.card').first().waitFor();
  await screen.open?.(page);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(250);
}
