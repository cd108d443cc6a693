// A desktop of our own for the tests: a display, a session bus with a tray and notices on it, the program, and a driver for its page.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

import { Page, until } from './webdriver.mjs';

const root = resolve(import.meta.dirname, '..', '..');
const SCREEN = '1440x900x24';
/** A picture of the window with a page in it is not smaller; without one it is all of a colour. */
export const PAINTED_BYTES = 20_000;

/** Two pictures of a screen that is painted are this far apart. */
const SETTLES_MS = 300;
/** Something that blinks is waited for no longer. */
const BLINKS_MS = 3_000;

/** A port that nobody had a moment ago. */
async function freePort() {
  const server = createServer();
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** A program's first line on one of its pipes. */
function firstLine(stream, name) {
  return new Promise((settle, fail) => {
    const lines = createInterface({ input: stream });
    lines.once('line', settle);
    lines.once('close', () => fail(new Error(`${name} ended before it said anything`)));
  });
}

export class Desktop {
  notices = [];
  #children = [];
  #answers = [];
  #said = '';

  /** Starts everything but the program. */
  static async start() {
    const it = new Desktop();
    it.folder = mkdtempSync(join(tmpdir(), 'arna-desktop-'));
    it.data = join(it.folder, 'data');
    const display = it.#spawn('Xvfb', ['-displayfd', '3', '-screen', '0', SCREEN, '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const number = await firstLine(display.stdio[3], 'Xvfb');
    const bus = it.#spawn('dbus-daemon', ['--session', '--nofork', '--nopidfile', '--print-address=1'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const home = (name) => {
      mkdirSync(join(it.folder, name), { recursive: true, mode: 0o700 });
      return join(it.folder, name);
    };
    it.env = {
      ...process.env,
      DISPLAY: `:${number.trim()}`,
      DBUS_SESSION_BUS_ADDRESS: await firstLine(bus.stdout, 'dbus-daemon'),
      HOME: home('home'),
      XDG_CONFIG_HOME: home(join('home', '.config')),
      XDG_DATA_HOME: home('share'),
      XDG_CACHE_HOME: home('cache'),
      XDG_RUNTIME_DIR: home('runtime'),
      LANG: 'C.UTF-8',
      LC_ALL: '',
      GDK_BACKEND: 'x11',
      GIO_USE_VFS: 'local',
      NO_AT_BRIDGE: '1',
      LIBGL_ALWAYS_SOFTWARE: '1',
      TAURI_WEBVIEW_AUTOMATION: 'true',
      WEBKIT_INSPECTOR_SERVER: `127.0.0.1:${await freePort()}`,
    };
    delete it.env.WAYLAND_DISPLAY;
    await it.#keychain();
    await it.#session();
    return it;
  }

  /** The keychain of the person who has signed in. Asked for before it is there, the bus would start a second one that is locked. */
  async #keychain() {
    const keychain = this.#spawn('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], {
      env: this.env,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    keychain.stdin.end('a password');
    const asked = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/', 'org.freedesktop.DBus.NameHasOwner'];
    await until('the keychain is there', () => {
      const said = spawnSync('dbus-send', [...asked, 'string:org.freedesktop.secrets'], { env: this.env, encoding: 'utf8' });
      return said.stdout?.includes('boolean true');
    });
  }

  async #session() {
    const session = this.#spawn('/usr/bin/python3', [join(import.meta.dirname, 'session.py')], {
      env: this.env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.session = session;
    await new Promise((ready, fail) => {
      createInterface({ input: session.stdout }).on('line', (line) => {
        const told = JSON.parse(line);
        if ('notice' in told) this.notices.push(told.notice);
        else if ('tray' in told) this.tray = told.tray;
        else if ('ready' in told) ready();
        else this.#answers.shift()?.(told);
      });
      session.on('exit', () => fail(new Error('the session of the test ended')));
    });
  }

  #spawn(program, args, options) {
    const child = spawn(program, args, { ...options, env: options.env ?? process.env });
    this.#children.push(child);
    child.on('error', (error) => {
      this.#said += `${program}: ${error.message}\n`;
    });
    return child;
  }

  /** Asks the session for something. */
  async ask(order) {
    const answer = new Promise((settle) => this.#answers.push(settle));
    this.session.stdin.write(`${JSON.stringify(order)}\n`);
    const { answer: given, error } = await answer;
    if (error) throw new Error(error);
    return given;
  }

  /** Starts the program. */
  open(...args) {
    const program = process.env.ARNA_DESKTOP_BIN ?? 'arna-desktop';
    const usual = ['--data', this.data, '--gallery', join(root, 'flows'), '--hooks', '127.0.0.1:0'];
    const child = this.#spawn(program, [...usual, ...args], { env: this.env, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#said += text;
    });
    child.ended = new Promise((settle) => child.on('exit', (code, signal) => settle(code ?? signal)));
    return child;
  }

  /** Starts an engine without a window on the same data folder; gives it once it can be asked. */
  async serve() {
    const args = ['serve', '--json', '--data', this.data, '--gallery', join(root, 'flows'), '--hooks', '127.0.0.1:0'];
    const child = this.#spawn(process.env.ARNA_BIN ?? 'arna', args, { env: this.env, stdio: ['ignore', 'pipe', 'inherit'] });
    child.ended = new Promise((settle) => child.on('exit', (code, signal) => settle(code ?? signal)));
    await new Promise((ready, fail) => {
      const lines = createInterface({ input: child.stdout });
      lines.on('line', (line) => JSON.parse(line).type === 'hooks' && ready());
      lines.once('close', () => fail(new Error('the engine ended before it took webhooks')));
    });
    return child;
  }

  /** The process that holds the data folder as its engine; none where nobody does. */
  holder() {
    const { ino } = statSync(join(this.data, 'engine.lock'));
    const locks = readFileSync('/proc/locks', 'utf8').split('\n').map((it) => it.trim().split(/\s+/));
    const lock = locks.find((it) => it[1] === 'FLOCK' && it[5]?.endsWith(`:${ino}`));
    return lock && Number(lock[4]);
  }

  /** What the program has said on its error stream. */
  said() {
    return this.#said;
  }

  /** Takes hold of the page in the program's window. */
  async page() {
    await this.driver?.gone();
    const port = await freePort();
    const child = this.#spawn('WebKitWebDriver', [`--port=${port}`, `--target=${this.env.WEBKIT_INSPECTOR_SERVER}`], {
      env: this.env,
      stdio: 'ignore',
    });
    const ended = new Promise((settle) => child.on('exit', settle));
    this.driver = {
      gone: async () => {
        child.kill('SIGKILL');
        await ended;
      },
    };
    return Page.open(`http://127.0.0.1:${port}`);
  }

  /** Real keys and pointer. */
  async x(...args) {
    const child = this.#spawn('xdotool', args, { env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    const code = await new Promise((settle) => child.on('close', settle));
    if (code !== 0) throw new Error(`xdotool ${args.join(' ')} failed with ${code}`);
    return out.trim();
  }

  /** The visible windows of the program. */
  async windows() {
    const found = await this.x('search', '--onlyvisible', '--class', 'arna').catch(() => '');
    return found.split('\n').filter(Boolean);
  }

  /** A command of the contract over the local socket, as the command line asks the program that holds the folder. */
  async command(name, params = {}) {
    const args = ['call', name, JSON.stringify(params), '--data', this.data];
    const child = this.#spawn(process.env.ARNA_BIN ?? 'arna', args, { env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, error] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      error += text;
    });
    const code = await new Promise((settle) => child.on('close', settle));
    if (code !== 0) throw new Error(`${name} was refused with ${code}: ${error}`);
    return JSON.parse(out);
  }

  /** Takes in a flow whose node writes or reads a file of this folder every second, and arms it. */
  async armed(name, kind, file) {
    mkdirSync(dirname(file), { recursive: true });
    const nodes = { often: { kind: 'schedule.every', config: { every: '1s' } }, file: { kind, config: { path: `{{ slots.place }}/${basename(file)}` } } };
    const slots = { place: { folder: kind.endsWith('write') ? 'write' : 'read' } };
    const text = JSON.stringify({ arna: 1, name, zone: 'UTC', nodes, wires: [['often', 'file']], slots });
    const { flow } = await this.command('flow.import', { text });
    await this.command('slots.fill', { flow, slot: 'place', value: dirname(file) });
    await this.command('flow.arm', { flow, armed: true });
    return flow;
  }

  /** Closes the window of this program by its key, and waits until all of its page is gone. */
  async close(program) {
    await this.x('key', 'ctrl+w');
    await until('the end of the window', async () => (await this.windows()).length === 0);
    await until('the end of the page', () => !hasPage(program));
  }

  /** Keeps a picture of the screen, once it stands still and shows so much that the picture has `least_bytes`. */
  async picture(name, least_bytes = 0) {
    const folder = join(root, 'artefacts', 'desktop');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${name}.png`);
    const began = Date.now();
    let before = Buffer.alloc(0);
    await until('something to see', async () => {
      // the screen follows the page by some frames
      await pause(SETTLES_MS);
      await this.ask({ picture: file });
      const now = readFileSync(file);
      const isStill = now.equals(before) || Date.now() - began > BLINKS_MS;
      before = now;
      return isStill && now.length >= least_bytes;
    });
  }

  /** Ends everything. */
  async end() {
    for (const child of this.#children.reverse()) child.kill('SIGKILL');
    await until('the end of the programs', () => this.#children.every((it) => it.exitCode !== null || it.signalCode !== null || !it.pid));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether a page is shown by this program; it has a process of its own. */
export const hasPage = (program) => family(program.pid).some((it) => /WebKitWebProc/.test(it.name));

/** The processes below a process, itself first, each with its name and its share of memory in bytes. */
export function family(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc').filter((it) => /^\d+$/.test(it))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // it ended meanwhile
    }
  }
  const isBelow = (it) => it === pid || (parents.has(it) && parents.get(it) > 1 && isBelow(parents.get(it)));
  return [...parents.keys()].filter(isBelow).flatMap((it) => {
    try {
      const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${it}/smaps_rollup`, 'utf8'));
      return [{ pid: it, name: readFileSync(`/proc/${it}/comm`, 'utf8').trim(), pss_bytes: Number(pss?.[1] ?? 0) * 1024 }];
    } catch {
      return [];
    }
  });
}
