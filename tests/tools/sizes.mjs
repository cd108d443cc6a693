// Files people read stay short: a warning past 400 lines, a failure past 600.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './steps.mjs';

const WARN = 400;
const LIMIT = 600;
const READ = /\.(rs|ts|tsx|mjs|css)$/;
const GENERATED = /^ui\/src\/generated\//;

const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, maxBuffer: 64 << 20 });
if (listed.status !== 0) {
  console.log('git ls-files failed: the sizes of files cannot be checked');
  process.exit(1);
}
const files = listed.stdout.toString('utf8').split('\0').filter((it) => READ.test(it) && !GENERATED.test(it));
let tooLong = 0;
for (const file of files) {
  let text;
  try {
    text = readFileSync(join(root, file), 'utf8');
  } catch {
    continue; // deleted and not committed yet
  }
  const lines = text.split('\n').length - 1;
  if (lines > LIMIT) {
    tooLong += 1;
    console.log(`${file}: ${lines} lines, ${LIMIT} is the limit: split it`);
  } else if (lines > WARN) {
    console.log(`warning: ${file}: ${lines} lines, aim below ${WARN}`);
  }
}
process.exit(tooLong > 0 ? 1 : 0);
