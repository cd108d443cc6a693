// Before a bundle is made: takes the names for debuggers out of the program, which are most of its size. The build's own copy keeps working.

import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

import { built } from './steps.mjs';

const program = built('arna-desktop', 'release');
const inMegabytes = (path) => (statSync(path).size / 1e6).toFixed(1);
if (process.platform !== 'linux') process.exit(0); // elsewhere they lie in files of their own
if (!existsSync(program)) {
  console.log(`${program} is not built`);
  process.exit(1);
}
const before = inMegabytes(program);
const done = spawnSync('strip', ['--strip-debug', program], { stdio: 'inherit' });
console.log(`${program}: ${before} MB, stripped ${inMegabytes(program)} MB`);
process.exit(done.status ?? 1);
