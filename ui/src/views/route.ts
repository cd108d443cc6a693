/** Where the person is: the part of the address after `#`. */
import { useSyncExternalStore } from 'react';

export interface Route {
  screen: string;
  id: string;
  run: string;
}

const now = (): string => location.hash.replace(/^#\/?/, '');

function parse(text: string): Route {
  const [screen = '', id = '', run = ''] = text.split('/').map(decodeURIComponent);
  return { screen: screen || 'flows', id, run };
}

export function go(...parts: string[]): void {
  location.hash = `/${parts.map(encodeURIComponent).join('/')}`;
}

export function useRoute(): Route {
  const text = useSyncExternalStore((listener) => {
    addEventListener('hashchange', listener);
    return () => removeEventListener('hashchange', listener);
  }, now);
  return parse(text);
}
