// A little of the W3C WebDriver protocol, spoken to WebKitWebDriver, which drives a program that is already running.

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

async function ask(address, method, path, body) {
  const response = await fetch(`${address}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: method === 'POST' ? JSON.stringify(body ?? {}) : undefined,
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${value?.error}: ${value?.message}`);
  return value;
}

/** Waits until `look` gives something true, and gives that; the last failure is told when it never does. */
export async function until(what, look, within_ms = 30_000) {
  const end = Date.now() + within_ms;
  let last = '';
  for (;;) {
    try {
      const seen = await look();
      if (seen) return seen;
      last = `it is ${JSON.stringify(seen)}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > end) throw new Error(`${what} did not come true within ${within_ms / 1000} s: ${last}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

/** The page in the window. */
export class Page {
  #address;
  #session;

  constructor(address, session) {
    this.#address = address;
    this.#session = session;
  }

  /** Takes hold of the page; the program may still be opening it. */
  static async open(address) {
    const capabilities = { alwaysMatch: {} };
    const { sessionId } = await until('a session', () => ask(address, 'POST', '/session', { capabilities }));
    return new Page(address, sessionId);
  }

  #ask(method, path, body) {
    return ask(this.#address, method, `/session/${this.#session}${path}`, body);
  }

  /** Lets go of the page, without closing it where that can be had. */
  async leave() {
    await this.#ask('DELETE', '').catch(() => undefined);
  }

  /** Runs a function in the page and gives what it returns. */
  run(script, ...args) {
    return this.#ask('POST', '/execute/sync', { script: `return (${script})(...arguments)`, args });
  }

  /** Runs an asynchronous function in the page and gives what it settles with. */
  async settle(script, ...args) {
    const text = `const done = arguments[arguments.length - 1];
      (${script})(...Array.prototype.slice.call(arguments, 0, -1)).then((it) => done({ it }), (why) => done({ why: JSON.stringify(why) }));`;
    const { it, why } = await this.#ask('POST', '/execute/async', { script: text, args });
    if (why !== undefined) throw new Error(why);
    return it;
  }

  /** A command of the contract, the way the page asks it. */
  command(name, params = {}) {
    const script = `(name, params) => window.__TAURI_INTERNALS__.invoke('call', { name, request: crypto.randomUUID(), params })`;
    return this.settle(script, name, JSON.stringify(params));
  }

  /** The first visible element of an XPath. */
  async find(xpath) {
    const found = await this.#ask('POST', '/element', { using: 'xpath', value: xpath });
    return found[ELEMENT];
  }

  /** Waits for an element and presses it. */
  click(xpath) {
    return until(`a press on ${xpath}`, async () => {
      await this.#ask('POST', `/element/${await this.find(xpath)}/click`);
      return true;
    });
  }

  /** Waits for an element and types into it. */
  type(xpath, text) {
    return until(`typing into ${xpath}`, async () => {
      await this.#ask('POST', `/element/${await this.find(xpath)}/value`, { text });
      return true;
    });
  }

  /** Waits until an element is there. */
  seen(xpath, within_ms) {
    return until(`the sight of ${xpath}`, () => this.find(xpath), within_ms);
  }

  /** The text of the page. */
  text() {
    return this.run('() => document.body.innerText');
  }

  /** The part of the address after `#`. */
  route() {
    return this.run('() => location.hash.slice(1)');
  }
}
