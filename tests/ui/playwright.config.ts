import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const system = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));

/** The editor on real engines that each test starts (`real/`, built editor in ui/dist), and on the engine in the page. */
export default defineConfig({
  testDir: '.',
  outputDir: '../../artefacts/ui-results',
  timeout: 60_000,
  workers: 1,
  fullyParallel: false,
  reporter: [['list']],
  use: {
    baseURL: 'http://127.0.0.1:4179',
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Asia/Almaty',
    reducedMotion: 'reduce',
    launchOptions: {
      executablePath: system,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--force-color-profile=srgb'],
    },
  },
  webServer: {
    command: 'npx vite build --mode fake --outDir ../target/ui-fake --emptyOutDir && npx vite preview --outDir ../target/ui-fake --port 4179 --strictPort --host 127.0.0.1',
    cwd: '../../ui',
    url: 'http://127.0.0.1:4179',
    reuseExistingServer: true,
    timeout: 120_000,
  },
});
