/** Something that is done soon after it is asked for, and at most once in each span however often it is asked for. */
export interface Throttled {
  ask: () => void;
  /** Forgets what was asked for and not yet done. */
  stop: () => void;
}

/**
 * What is asked for while the span runs is done once at its end, so the last wish is always met; and a stream of wishes that never pauses
 * does not put it off for ever.
 */
export function throttled(act: () => void, span_ms: number): Throttled {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    ask: () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        act();
      }, span_ms);
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
