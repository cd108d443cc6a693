/** Light, dark, or as the system is. */
const KEY = 'arna.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

function paint(theme: string): void {
  const isDark = theme === 'dark' || (theme !== 'light' && dark.matches);
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
}

export const themeNow = (): string => localStorage.getItem(KEY) ?? 'system';

export function setTheme(theme: string): void {
  localStorage.setItem(KEY, theme);
  paint(theme);
}

export function startTheme(): void {
  paint(themeNow());
  dark.addEventListener('change', () => paint(themeNow()));
}
