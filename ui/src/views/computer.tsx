/** What only the desktop program has: flow files it was opened with, and menu items that the window carries out. */
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine, type FlowImported } from '../bridge/index.ts';
import { say } from '../kit/surfaces.tsx';
import { attempt } from './events.ts';
import { newFlow } from './new-flow.ts';
import { go } from './route.ts';
import { TrustSheet } from './trust-sheet.tsx';

/** Opens flow files one after another on the import sheet; nothing of them runs before that. */
export function FromComputer() {
  const { t } = useTranslation();
  const [waiting, setWaiting] = useState<FlowImported[]>([]);
  useEffect(
    () =>
      engine().computer?.onOpened(async (files) => {
        for (const file of files) {
          const { text } = file;
          if (text === null) {
            say(file.sentence ?? file.name, 'bad');
            continue;
          }
          const imported = await attempt(() => engine().call('flow.import', { text }), t('app.engine_gone'));
          if (imported) setWaiting((before) => [...before, imported]);
        }
      }),
    [t],
  );
  useEffect(
    () =>
      engine().computer?.onMenu((item) => {
        if (item === 'new_flow') void newFlow(t('flows.untitled'), t('app.engine_gone'));
        else if (item === 'undo') press('z', false);
        else if (item === 'redo') press('z', true);
      }),
    [t],
  );
  const first = waiting[0];
  if (!first) return null;
  return (
    <TrustSheet
      key={first.flow}
      flow={first.flow}
      name={first.name}
      start={first}
      onClose={() => setWaiting((before) => before.slice(1))}
      onDone={() => go('flow', first.flow)}
    />
  );
}

/** Presses Ctrl+Z or Ctrl+Shift+Z where the person is; a field that has no undo of ours uses the web view's. */
function press(key: string, shiftKey: boolean): void {
  const target = document.activeElement ?? document.body;
  const event = new KeyboardEvent('keydown', {
    key,
    shiftKey,
    ctrlKey: true,
    bubbles: true,
    cancelable: true,
  });
  if (target.dispatchEvent(event)) document.execCommand(shiftKey ? 'redo' : 'undo');
}
