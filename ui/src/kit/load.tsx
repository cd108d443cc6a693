/** Reading something and showing it: waiting, broken with a way to try again, or there. */
import { CloudOff } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './controls.tsx';
import { Loading, State } from './surfaces.tsx';

export interface Loadable<T> {
  value: T | undefined;
  error: string | undefined;
  reload: () => void;
}

/** Reads again whenever `key` changes; an older answer never replaces a newer one. */
export function useLoad<T>(read: () => Promise<T>, key: string): Loadable<T> {
  const [state, setState] = useState<{ value: T | undefined; error: string | undefined }>({
    value: undefined,
    error: undefined,
  });
  const [round, setRound] = useState(0);
  const reading = useRef(read);
  reading.current = read;
  useEffect(() => {
    let isStale = false;
    reading.current().then(
      (value) => !isStale && setState({ value, error: undefined }),
      (error: unknown) =>
        !isStale &&
        setState((before) => ({
          value: before.value,
          error: error instanceof Error ? error.message : String(error),
        })),
    );
    return () => {
      isStale = true;
    };
  }, [key, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { ...state, reload };
}

export function Loaded<T>({ of, children }: { of: Loadable<T>; children: (value: T) => ReactNode }) {
  const { t } = useTranslation();
  if (of.value !== undefined) return children(of.value);
  if (of.error === undefined) return <Loading label={t('common.loading')} />;
  return (
    <State
      icon={<CloudOff />}
      title={t('common.not_loaded')}
      action={<Button onClick={of.reload}>{t('common.try_again')}</Button>}
    >
      {of.error}
    </State>
  );
}
