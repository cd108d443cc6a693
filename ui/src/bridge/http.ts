/** The bridge over HTTP: one POST a command, one stream of events, a bearer token. */

import {
  type Bridge,
  type CommandName,
  type Commands,
  type EngineEvent,
  EngineGone,
  type Link,
  type Refusal,
  Refused,
} from './index.ts';

const TOKEN_KEY = 'arna.token';
const RETRY_MS = 1500;

/** Takes the token out of the address, so that it stays in neither history nor bookmarks. */
export function takeToken(): string {
  const found = new URLSearchParams(location.hash.slice(1)).get('token');
  if (found) {
    sessionStorage.setItem(TOKEN_KEY, found);
    history.replaceState(null, '', `${location.pathname}${location.search}#/`);
  }
  return sessionStorage.getItem(TOKEN_KEY) ?? '';
}

export function httpBridge(token: string): Bridge {
  const listeners = new Set<(event: EngineEvent) => void>();
  const links = new Set<(link: Link) => void>();
  let link: Link = 'live';
  const setLink = (next: Link) => {
    if (link === next) return;
    link = next;
    for (const listener of links) listener(next);
  };
  const tell = (event: EngineEvent) => {
    for (const listener of listeners) listener(event);
  };
  const headers = { authorization: `Bearer ${token}` };

  async function call<N extends CommandName>(
    name: N,
    params: Commands[N]['params'],
  ): Promise<Commands[N]['answer']> {
    let response: Response;
    try {
      response = await fetch(`/api/${name}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(params),
      });
    } catch {
      setLink('lost');
      throw new EngineGone();
    }
    const text = await response.text();
    if (!response.ok) throw new Refused(refusal(text, response.status));
    return JSON.parse(text) as Commands[N]['answer'];
  }

  async function listen(): Promise<void> {
    for (;;) {
      try {
        const response = await fetch('/api/events', { headers });
        if (!response.ok || !response.body) throw new EngineGone();
        if (link === 'lost') tell({ type: 'resync' });
        setLink('live');
        await readEvents(response.body, tell);
        setLink('lost');
      } catch {
        setLink('lost');
      }
      await new Promise((wake) => setTimeout(wake, RETRY_MS));
    }
  }
  let isListening = false;

  return {
    call,
    subscribe(listener) {
      listeners.add(listener);
      if (!isListening) {
        isListening = true;
        void listen();
      }
      return () => listeners.delete(listener);
    },
    onLink(listener) {
      links.add(listener);
      listener(link);
      return () => links.delete(listener);
    },
  };
}

function refusal(text: string, status: number): Refusal {
  try {
    const body = JSON.parse(text) as Partial<Refusal>;
    if (body.sentence && body.code)
      return { code: body.code, sentence: body.sentence, field: body.field ?? '' };
  } catch {
    // Not ours: something between the editor and the engine answered. The sentence below says so.
  }
  return {
    code: status === 401 ? 'not_signed_in' : 'internal',
    sentence: `HTTP ${status}: ${text.slice(0, 200)}`,
    field: '',
  };
}

async function readEvents(
  body: ReadableStream<Uint8Array>,
  tell: (event: EngineEvent) => void,
): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const lines = part.split('\n').filter((line) => line.startsWith('data:'));
      if (lines.length) tell(JSON.parse(lines.map((line) => line.slice(5).trim()).join('\n')) as EngineEvent);
    }
  }
}
