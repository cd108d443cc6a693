import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { SCREENS, visit } from './screens.ts';

const LOOKS = [
  { theme: 'light', language: 'en', width: 1440, height: 900 },
  { theme: 'dark', language: 'en', width: 1440, height: 900 },
  { theme: 'light', language: 'ru', width: 1280, height: 800 },
  { theme: 'dark', language: 'kk', width: 1280, height: 800 },
  { theme: 'light', language: 'en', width: 1920, height: 1080 },
];

for (const { theme, language, width, height } of LOOKS) {
  for (const screen of SCREENS) {
    test(`${screen.name} is whole in ${theme}, ${language}, ${width}x${height}`, async ({ page }) => {
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      await page.setViewportSize({ width, height });
      await visit(page, screen, theme, language);
      await page.screenshot({ path: `../../artefacts/ui/${screen.name}-${theme}-${language}-${width}.png` });
      const axe = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze();
      expect(axe.violations.map((it) => `${it.id}: ${it.nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).slice(0, 4).join(' | ')}`)).toEqual([]);
      expect(errors).toEqual([]);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wide, 'the page does not scroll sideways').toBeLessThanOrEqual(0);
    });
  }
}
