// Makes the packages of the desktop program for this system: `npm run bundle`, or `npm run bundle -- --bundles appimage`.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { buildTools, bundleTools, desktopTools, editorPackages } from './install.mjs';
import { root, step, target } from './steps.mjs';

/** What is made unless said; the others are configured and made on their own systems. */
const USUAL = { linux: ['deb'], win32: ['msi'], darwin: ['dmg'] };

try {
  await buildTools();
  await desktopTools();
  await editorPackages();
  await bundleTools();
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
const given = process.argv.slice(2);
const bundles = given.includes('--bundles') ? [] : ['--bundles', ...(USUAL[process.platform] ?? ['deb'])];
const args = ['--no-install', 'tauri', 'build', '--ci', ...bundles, ...given, '--', '--locked'];
if (!(await step('bundle', 'npx', args, { cwd: join(root, 'src-tauri') }))) process.exit(1);

const folder = join(target, 'release', 'bundle');
for (const kind of readdirSync(folder)) {
  for (const name of readdirSync(join(folder, kind))) {
    const file = join(folder, kind, name);
    if (statSync(file).isFile()) console.log(`${(statSync(file).size / 1e6).toFixed(1)} MB  ${file}`);
  }
}
