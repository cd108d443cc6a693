/** Redraws a screen when the engine tells that what it shows has changed. */
import { useEffect, useRef } from 'react';
import { type EngineEvent, EngineGone, engine, Refused } from '../bridge/index.ts';
import { say } from '../kit/surfaces.tsx';
import { throttled } from '../kit/throttle.ts';

const SPAN_MS = 250;

/** Calls `reload` soon after an event of one of these types; many events in a row call it once in each span. */
export function useEvents(types: readonly EngineEvent['type'][], reload: () => void): void {
  const wanted = useRef(types);
  useEffect(() => {
    const soon = throttled(reload, SPAN_MS);
    const stop = engine().subscribe((event) => {
      if (event.type !== 'resync' && !wanted.current.includes(event.type)) return;
      soon.ask();
    });
    return () => {
      soon.stop();
      stop();
    };
  }, [reload]);
}

/** Does something and says in the engine's words when it was refused. */
export async function attempt<T>(act: () => Promise<T>, goneSentence: string): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof EngineGone) say(goneSentence, 'bad');
    else if (error instanceof Refused) say(error.message, 'bad');
    else throw error;
    return undefined;
  }
}
