import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { throttled } from './throttle.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('a stream of wishes that never pauses is met again and again', () => {
  const act = vi.fn();
  const reload = throttled(act, 250);
  for (let at_ms = 0; at_ms < 2000; at_ms += 50) {
    reload.ask();
    vi.advanceTimersByTime(50);
  }
  expect(act.mock.calls.length).toBe(8);
});

it('the last wish is met, once', () => {
  const act = vi.fn();
  const reload = throttled(act, 250);
  reload.ask();
  vi.advanceTimersByTime(250);
  reload.ask();
  reload.ask();
  vi.advanceTimersByTime(10_000);
  expect(act).toHaveBeenCalledTimes(2);
});

it('nothing is done once it is stopped', () => {
  const act = vi.fn();
  const reload = throttled(act, 250);
  reload.ask();
  reload.stop();
  vi.advanceTimersByTime(10_000);
  expect(act).not.toHaveBeenCalled();
});
