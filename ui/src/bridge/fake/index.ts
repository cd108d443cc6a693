/** An engine in the page: for component tests, screenshots and work on the editor without the real one. */
import type { Bridge } from '../index.ts';
import type { Answers } from './parts.ts';
import { runAnswers } from './runs.ts';
import { shelfAnswers } from './shelf.ts';
import { workbenchAnswers } from './workbench.ts';
import { type FakeOptions, World } from './world.ts';

const ANSWER_MS = 8;

export function fakeBridge(options: FakeOptions = {}): Bridge {
  const world = new World(options);
  const answers: Answers = { ...shelfAnswers(world), ...runAnswers(world), ...workbenchAnswers(world) };
  return {
    async call(name, params) {
      await new Promise((wake) => setTimeout(wake, ANSWER_MS));
      return structuredClone(answers[name](params));
    },
    subscribe(listener) {
      world.listeners.add(listener);
      return () => world.listeners.delete(listener);
    },
    onLink(listener) {
      listener('live');
      return () => undefined;
    },
  };
}
