/** The one way to the engine. What carries it (HTTP, a fake) is chosen once in `main.tsx`; nothing above knows which. */

import type { CommandName, Commands } from '../generated/commands.ts';
import type { Event as EngineEvent, Json, Refusal } from '../generated/contract.ts';

export type { CommandName, Commands } from '../generated/commands.ts';
export type * from '../generated/contract.ts';
export type { EngineEvent };

/** A value of flow data; exact numbers, dates and durations come as `{"$": type, "text": …}`. */
export type Datum = Json;

/** Whether the engine answers. */
export type Link = 'live' | 'lost';

export interface Bridge {
  call<N extends CommandName>(name: N, params: Commands[N]['params']): Promise<Commands[N]['answer']>;
  /** Gives every event of the engine until the returned function is called. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
  /** Tells when the engine goes and when it is back. */
  onLink(listener: (link: Link) => void): () => void;
  /** What only the desktop program has; a browser has none. */
  computer?: Computer;
}

/** The person's computer, where the editor runs as a program on it. */
export interface Computer {
  /** Whether the program starts with the session. */
  autostart(): Promise<boolean>;
  setAutostart(on: boolean): Promise<boolean>;
  /** Gives flow files that the program was opened with, those that wait already and those that come. */
  onOpened(listener: (files: OpenedFile[]) => void): () => void;
  /** Gives items of the menu that only the page can carry out: `new_flow`, `undo`, `redo`. */
  onMenu(listener: (item: string) => void): () => void;
}

/** A flow file from outside: its text, or the sentence why it cannot be read. */
export interface OpenedFile {
  name: string;
  text: string | null;
  sentence: string | null;
}

/** A command that was not carried out, with the sentence for the person. */
export class Refused extends Error {
  readonly body: Refusal;
  constructor(body: Refusal) {
    super(body.sentence);
    this.name = 'Refused';
    this.body = body;
  }
}

/** The engine could not be reached; the edit is kept and sent when it is back. */
export class EngineGone extends Error {
  constructor() {
    super('The engine does not answer.');
    this.name = 'EngineGone';
  }
}

let current: Bridge | undefined;

export function connectBridge(bridge: Bridge): void {
  current = bridge;
}

export function engine(): Bridge {
  if (!current) throw new Error('the bridge is chosen before anything is drawn');
  return current;
}
