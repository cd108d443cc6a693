// Installs what a chore needs and is not there yet, through the clients of this machine: apt, npm, pip. Installs nothing that is there.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { cache, has, isWindows, root, step, there } from './steps.mjs';

const POLICY = '/usr/sbin/policy-rc.d';

const BUILD = [{ packages: ['build-essential'], there: () => has('cc') }];

const SERVERS = [
  { packages: ['postgresql'], there: () => postgresPrograms() !== undefined },
  { packages: ['rabbitmq-server'], there: () => existsSync('/usr/sbin/rabbitmq-server') || has('rabbitmq-server') },
  { packages: ['nginx-light'], there: () => existsSync('/usr/sbin/nginx') || has('nginx') },
  { packages: ['gnome-keyring'], there: () => has('gnome-keyring-daemon') },
  { packages: ['dbus'], there: () => has('dbus-daemon') },
  { packages: ['python3-venv'], there: () => spawnSync('python3', ['-c', 'import venv, ensurepip'], { stdio: 'ignore' }).status === 0 },
];

const BROWSER = [
  { packages: ['chromium'], there: () => browser() !== undefined },
  { packages: ['chromium-driver'], there: () => has('chromedriver') },
];

const hasLibrary = (name) => spawnSync('pkg-config', ['--exists', name], { stdio: 'ignore' }).status === 0;

/** What the desktop program is built with where it is not part of the system. */
const DESKTOP = [
  { packages: ['pkg-config'], there: () => has('pkg-config') },
  { packages: ['libwebkit2gtk-4.1-dev'], there: () => hasLibrary('webkit2gtk-4.1') },
  { packages: ['libayatana-appindicator3-1'], there: () => hasFile('libayatana-appindicator3.so.1') },
];

/** A display, a session and a driver for the window, for its tests. */
const WINDOW = [
  { packages: ['webkit2gtk-driver'], there: () => has('WebKitWebDriver') },
  { packages: ['xvfb'], there: () => has('Xvfb') },
  { packages: ['xdotool'], there: () => has('xdotool') },
  { packages: ['python3-gi', 'gir1.2-gtk-3.0'], there: () => hasToolkit() },
];

const hasFile = (library) => spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' }).stdout?.includes(library);
const hasToolkit = () =>
  spawnSync('/usr/bin/python3', ['-c', 'import gi; gi.require_version("Gdk", "3.0")'], { stdio: 'ignore' }).status === 0;

/** The folder of PostgreSQL's programs, newest version first. */
export function postgresPrograms() {
  const versions = '/usr/lib/postgresql';
  if (!existsSync(versions)) return undefined;
  const newest = readdirSync(versions).sort((a, b) => Number(b) - Number(a));
  return newest.map((version) => join(versions, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

/** A Chromium of this machine. */
export function browser() {
  if (process.env.ARNA_BROWSER) return process.env.ARNA_BROWSER;
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
}

/** Rust and a C compiler. */
export async function buildTools() {
  if (!has('cargo')) {
    throw new Error('Rust is missing: install it with rustup, then run this again');
  }
  await aptInstall(BUILD);
}

/** What the desktop program is built with. */
export async function desktopTools() {
  if (process.platform !== 'linux') return;
  await aptInstall(DESKTOP);
  complain('the desktop program is built with', DESKTOP);
}

function complain(words, wanted) {
  const missing = wanted.filter((it) => !it.there()).flatMap((it) => it.packages);
  if (missing.length > 0) throw new Error(`${words} ${missing.join(', ')}: install them, then run this again`);
}

/** The program that bundles the desktop app. */
export async function bundleTools() {
  await npmPackages('the bundler', 'src-tauri');
}

/** The servers and the browser that tests talk to. */
export async function testTools() {
  const wanted = [...SERVERS, ...BROWSER, ...WINDOW];
  await aptInstall(wanted);
  complain('the tests need', wanted);
}

/** The packages of the editor and of its browser tests. Their versions are exact in package.json and kept by the lock files. */
export async function editorPackages() {
  await npmPackages('the editor', 'ui');
  await npmPackages('the browser tests', 'tests/ui');
}

async function npmPackages(name, folder) {
  if (!there(folder, 'package-lock.json')) return;
  const lock = createHash('sha256').update(readFileSync(join(root, folder, 'package-lock.json'))).digest('hex');
  const stamp = join(root, folder, 'node_modules', '.arna-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  // not `npm ci`: it refuses a lock file without the optional packages of other systems, which a lock without addresses leaves out
  const done = await step(`npm packages of ${name}`, 'npm', ['install', '--no-save', '--no-audit', '--no-fund'], { cwd: join(root, folder) });
  if (!done) throw new Error(`npm install failed in ${folder}/`);
  writeFileSync(stamp, lock);
}

/** A folder of Python programs that play web services in tests; its `bin` holds gunicorn. */
export async function pythonServers() {
  const wanted = readFileSync(join(root, 'tests', 'tools', 'requirements.txt'), 'utf8');
  const folder = join(cache, 'python');
  const stamp = join(folder, '.arna-requirements');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const pip = join(folder, 'bin', 'pip');
  const requirements = join(root, 'tests', 'tools', 'requirements.txt');
  const done =
    (await step('a Python of our own', 'python3', ['-m', 'venv', folder])) &&
    (await step('Python servers', pip, ['install', '--quiet', '--disable-pip-version-check', '-r', requirements]));
  if (!done) throw new Error('the Python servers of the tests cannot be installed');
  writeFileSync(stamp, wanted);
  return folder;
}

async function aptInstall(wanted) {
  const packages = wanted.filter((it) => !it.there()).flatMap((it) => it.packages);
  if (packages.length === 0 || isWindows || !has('apt-get')) return;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) {
    throw new Error(`missing: ${packages.join(', ')}. Install them: sudo apt-get install ${packages.join(' ')}`);
  }
  const [program, before] = isRoot ? ['apt-get', []] : ['sudo', ['-n', 'apt-get']];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  // Packages of servers start them; the tests start their own on free ports.
  const heldBack = isRoot && !existsSync(POLICY);
  if (heldBack) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await step('package lists', program, [...before, 'update', '-qq'], { env });
    const done = await step(
      `apt packages ${packages.join(' ')}`,
      program,
      [...before, 'install', '-y', '-qq', '--no-install-recommends', ...packages],
      { env },
    );
    if (!done) throw new Error(`apt-get could not install ${packages.join(', ')}`);
  } finally {
    if (heldBack) rmSync(POLICY, { force: true });
  }
}
