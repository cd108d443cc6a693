/** Opening a flow file from someone. */
import { Upload } from 'lucide-react';
import { type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine, type FlowImported } from '../bridge/index.ts';
import { Button } from '../kit/controls.tsx';
import { attempt } from './events.ts';
import { go } from './route.ts';
import { TrustSheet } from './trust-sheet.tsx';

export function ImportButton({ choice }: { choice?: ReactNode }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [imported, setImported] = useState<FlowImported>();
  const read = async (file: File | undefined) => {
    if (!file) return;
    const text = await file.text();
    setImported(await attempt(() => engine().call('flow.import', { text }), t('app.engine_gone')));
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
      {imported ? (
        <TrustSheet
          flow={imported.flow}
          name={imported.name}
          start={imported}
          onClose={() => setImported(undefined)}
          onDone={() => go('flow', imported.flow)}
        />
      ) : null}
    </>
  );
}
