/** Opening a flow file from someone. */
import { Upload } from 'lucide-react';
import { type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { EngineGone, engine, type FlowImported, Refused } from '../bridge/index.ts';
import { Button } from '../kit/controls.tsx';
import { say } from '../kit/surfaces.tsx';
import { go } from './route.ts';
import { TrustSheet } from './trust-sheet.tsx';

/** A flow file with its cases is not longer. */
const MOST_BYTES = 64 << 20;

export function ImportButton({ choice }: { choice?: ReactNode }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [imported, setImported] = useState<FlowImported>();
  const read = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > MOST_BYTES) return say(t('paste.long'), 'bad');
    const text = await file.text();
    try {
      setImported(await engine().call('flow.import', { text }));
    } catch (error) {
      if (error instanceof EngineGone) say(t('app.engine_gone'), 'bad');
      else if (error instanceof Refused) say(`${file.name}: ${error.message}`, 'bad');
      else throw error;
    }
  };
  const pick = () => input.current?.click();
  return (
    <>
      <input
        ref={input}
        type="file"
        accept=".json"
        hidden
        onChange={(event) => {
          void read(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
      {choice ? (
        <button type="button" className="choice" onClick={pick}>
          {choice}
        </button>
      ) : (
        <Button onClick={pick}>
          <Upload /> {t('flows.import')}
        </Button>
      )}
      <ImportedSheet of={imported} onClose={() => setImported(undefined)} />
    </>
  );
}

/** What a flow that was just taken in would touch, and its slots to be filled; then the canvas. */
export function ImportedSheet({ of, onClose }: { of: FlowImported | undefined; onClose: () => void }) {
  if (!of) return null;
  return (
    <TrustSheet
      flow={of.flow}
      name={of.name}
      start={of}
      onClose={onClose}
      onDone={() => go('flow', of.flow)}
    />
  );
}
