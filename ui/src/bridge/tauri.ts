/** The bridge inside the desktop program: one IPC command for all of the contract, and one channel for everything that is told. */

import { Channel, invoke } from '@tauri-apps/api/core';
import {
  type Bridge,
  type CommandName,
  type Commands,
  type Computer,
  type EngineEvent,
  type Link,
  type OpenedFile,
  Refused,
} from './index.ts';

type Told = { event: EngineEvent } | { link: Link } | { go: string } | { opened: boolean } | { menu: string };

/** Whether this page stands in the window of the desktop program. */
export const isDesktop = (): boolean => '__TAURI_INTERNALS__' in globalThis;

export function desktopBridge(): Bridge {
  const events = new Set<(event: EngineEvent) => void>();
  const links = new Set<(link: Link) => void>();
  const openings = new Set<(files: OpenedFile[]) => void>();
  const menus = new Set<(item: string) => void>();
  let link: Link = 'live';

  const giveOpened = async () => {
    // nobody there to look at them: they stay with the shell
    if (!openings.size) return;
    const files = await ask<OpenedFile[]>('opened', {});
    if (files.length) for (const listener of openings) listener(files);
  };
  const hear = (told: Told) => {
    if ('event' in told) for (const listener of events) listener(told.event);
    else if ('link' in told) {
      if (link === 'lost' && told.link === 'live')
        for (const listener of events) listener({ type: 'resync' });
      link = told.link;
      for (const listener of links) listener(link);
    } else if ('go' in told) location.hash = told.go;
    else if ('menu' in told) for (const listener of menus) listener(told.menu);
    else void giveOpened();
  };
  // WebKitGTK leaves undo in a field to the program; elsewhere the web view does it
  if (navigator.userAgent.includes('Linux')) addEventListener('keydown', undoInField);
  const channel = new Channel<Told>();
  channel.onmessage = hear;
  void invoke('listen', { channel });

  return {
    call: <N extends CommandName>(name: N, params: Commands[N]['params']) =>
      // the shell knows a request by its id: sent again because the way broke, it is not carried out again
      ask<Commands[N]['answer']>('call', {
        name,
        request: crypto.randomUUID(),
        params: JSON.stringify(params),
      }),
    subscribe: (listener) => added(events, listener),
    onLink(listener) {
      listener(link);
      return added(links, listener);
    },
    computer: {
      autostart: () => ask<boolean>('autostart', {}),
      setAutostart: (on) => ask<boolean>('set_autostart', { on }),
      onOpened(listener) {
        const remove = added(openings, listener);
        void giveOpened();
        return remove;
      },
      onMenu: (listener) => added(menus, listener),
    } satisfies Computer,
  };
}

/** Ctrl+Z and Ctrl+Shift+Z in a plain field, where nobody else has taken the key. */
function undoInField(event: KeyboardEvent): void {
  const isField = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
  if (!isField || event.defaultPrevented || !event.ctrlKey || event.key.toLowerCase() !== 'z') return;
  event.preventDefault();
  document.execCommand(event.shiftKey ? 'redo' : 'undo');
}

function added<T>(set: Set<T>, it: T): () => void {
  set.add(it);
  return () => set.delete(it);
}

async function ask<T>(command: string, params: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, params);
  } catch (error) {
    throw refused(error);
  }
}

function refused(error: unknown): Refused {
  const isBody = typeof error === 'object' && error !== null && 'sentence' in error && 'code' in error;
  if (isBody) return new Refused(error as Refused['body']);
  return new Refused({ code: 'internal', sentence: String(error), field: '' });
}
