// Tests of one desktop, one after another: each goes on where the one before it stopped.

import { after, before, test } from 'node:test';

import { Desktop } from './desktop.mjs';

const WITHIN_MS = 120_000;

/** Makes a desktop for all tests of a file, and gives what writes one of them down: its sentence and what it does. */
export function desktopSteps() {
  let desktop;
  before(async () => {
    desktop = await Desktop.start();
  });
  after(async () => {
    await desktop?.end();
  });
  /** A failure comes with a picture of the screen and with what the program has printed. */
  return (sentence, act) => {
    test(sentence, { timeout: WITHIN_MS }, async () => {
      try {
        await act(desktop);
      } catch (error) {
        await desktop.picture(`failed ${sentence}`).catch(() => undefined);
        throw new Error(`${error.message}\nThe program has said: ${desktop.said() || 'nothing'}`, { cause: error });
      }
    });
  };
}
