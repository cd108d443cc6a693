/** Does what may need a person's leave first: when something is not allowed or not filled, the sheet opens, and then it goes on. */
import { type ReactNode, useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { EngineGone, engine, Refused } from '../bridge/index.ts';
import { say } from '../kit/surfaces.tsx';
import { TrustSheet } from './trust-sheet.tsx';

interface Asked {
  start: Parameters<typeof TrustSheet>[0]['start'];
  name: string;
  doneLabel: string;
  act: () => Promise<unknown>;
}

export interface Leave {
  ask: (doneLabel: string, act: () => Promise<unknown>) => Promise<void>;
  /** The sheet, while it is open. */
  sheet: ReactNode;
}

export function useLeave(flow: string): Leave {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Asked>();
  const gone = t('app.engine_gone');
  const ask = useCallback(
    async (doneLabel: string, act: () => Promise<unknown>): Promise<void> => {
      try {
        await act();
      } catch (error) {
        if (error instanceof EngineGone) say(gone, 'bad');
        else if (!(error instanceof Refused)) throw error;
        else if (error.body.code !== 'needs_you') say(error.message, 'bad');
        else {
          const [{ authority }, opened] = await Promise.all([
            engine().call('grants.list', { flow }),
            engine().call('flow.get', { flow }),
          ]);
          const { name } = JSON.parse(opened.text) as { name?: string };
          // leave alone does not help: a slot may be filled with something that is not there
          if (authority.every((it) => it.granted) && opened.slots.every((it) => it.filled !== null))
            say(error.message, 'bad');
          else setAsked({ start: { authority, slots: opened.slots }, name: name || flow, doneLabel, act });
        }
      }
    },
    [flow, gone],
  );
  const sheet = asked ? (
    <TrustSheet
      flow={flow}
      name={asked.name}
      start={asked.start}
      doneLabel={asked.doneLabel}
      onClose={() => setAsked(undefined)}
      onDone={() => void ask(asked.doneLabel, asked.act)}
    />
  ) : null;
  return { ask, sheet };
}
