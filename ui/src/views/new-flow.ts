/** Makes an empty flow and opens it. */
import { engine } from '../bridge/index.ts';
import { emptyFlow, writeFlow } from '../document/flow.ts';
import { zoneHere } from '../kit/zone.tsx';
import { attempt } from './events.ts';
import { go } from './route.ts';

export async function newFlow(name: string, goneSentence: string): Promise<void> {
  const saved = await attempt(async () => {
    const { zone } = await engine().call('settings.get', {});
    return engine().call('flow.save', { text: writeFlow(emptyFlow(name, zone || zoneHere())) });
  }, goneSentence);
  if (saved) go('flow', saved.flow);
}

/** Gives a text to the person as a file. */
export function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
