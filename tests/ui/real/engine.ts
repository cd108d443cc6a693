/** A real engine for one test: its own data folder, free ports, the built editor, and the gallery of this repository. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { test as base, type Page } from '@playwright/test';

const root = resolve(import.meta.dirname, '../../..');
const TOKEN = 'a token for the tests of the editor';

function program(): string {
  const named = process.env.ARNA_BIN;
  const found = [
    ...(named ? [named] : []),
    ...(process.env.CARGO_TARGET_DIR ? [join(process.env.CARGO_TARGET_DIR, 'debug/arna')] : []),
    join(root, 'target/debug/arna'),
  ].find(existsSync);
  if (!found) throw new Error('no arna to test with: build it (cargo build -p arna-cli) or name it in ARNA_BIN');
  return found;
}

export class Engine {
  /** Where everything of this test lies. */
  readonly folder = mkdtempSync(join(tmpdir(), 'arna-ui-'));
  address = '127.0.0.1:0';
  hooks = '';
  private child: ChildProcess | undefined;

  /** Starts the engine; again at the same address after a stop. */
  async start(): Promise<void> {
    const data = join(this.folder, 'data');
    mkdirSync(data, { recursive: true });
    const args = ['serve', '--json', '--data', data, '--hooks', '127.0.0.1:0', '--admin', this.address];
    args.push('--ui', join(root, 'ui/dist'), '--gallery', join(root, 'flows'));
    const child = spawn(program(), args, { env: { ...process.env, ARNA_TOKEN: TOKEN }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    let said = '';
    child.stderr.on('data', (part: Buffer) => {
      said = (said + part.toString()).slice(-4000);
    });
    await new Promise<void>((ready, fail) => {
      child.once('exit', (code) => fail(new Error(`arna serve ended with ${code}: ${said}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        said = (said + line + '\n').slice(-4000);
        const hooks = /http:\/\/([\d.:]+)\/hooks\//.exec(line);
        if (hooks) this.hooks = `http://${hooks[1]}/hooks/`;
        const editor = /http:\/\/([\d.:]+)\/#token=/.exec(line);
        if (!editor) return;
        this.address = editor[1] ?? '';
        ready();
      });
    });
  }

  /** Ends the engine as a crash would. */
  async crash(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await gone;
  }

  /** The computer was off for so many days: every schedule decided last so long ago. The engine is started again. */
  async wasOff(days: number): Promise<void> {
    await this.crash();
    const update = 'import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute("UPDATE schedule SET mark_ms = mark_ms - ?", [int(sys.argv[2])]); c.commit()';
    const journal = join(this.folder, 'data', 'journal.db');
    const done = spawnSync('python3', ['-c', update, journal, String(days * 86_400_000)], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`the schedules could not be set back: ${done.stderr}`);
    await this.start();
  }

  /** The address of the editor, with the token. */
  url(): string {
    return `http://${this.address}/#token=${encodeURIComponent(TOKEN)}`;
  }

  /** Asks the engine past the editor. */
  async call<T = Record<string, unknown>>(name: string, params: object = {}): Promise<T> {
    const response = await fetch(`http://${this.address}/api/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(params),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${name}: ${text}`);
    return JSON.parse(text) as T;
  }

  /** A copy of the data beside a gallery flow, free to be changed. */
  data(slug: string): string {
    const to = join(this.folder, slug);
    cpSync(join(root, 'flows', slug, 'data'), to, { recursive: true });
    return to;
  }

  async end(): Promise<void> {
    await this.crash();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Tests with an engine of their own; a mistake on the console fails them. */
export const test = base.extend<{ engine: Engine; open: (screen?: string) => Promise<Page> }>({
  engine: async ({}, use) => {
    const engine = new Engine();
    await engine.start();
    await use(engine);
    await engine.end();
  },
  open: async ({ engine, page }, use) => {
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(`${error.message}\n${error.stack}`));
    await use(async (screen = 'flows') => {
      await page.goto(engine.url());
      await page.locator('main').waitFor();
      await page.evaluate((it) => {
        location.hash = `/${it}`;
      }, screen);
      return page;
    });
    if (errors.length) throw new Error(`the page threw: ${errors.join('\n')}`);
  },
});
export { expect } from '@playwright/test';
