/** Words of the editor in three languages, with plural rules, and numbers and times as the language writes them. */
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import en from './locales/en.json';
import kk from './locales/kk.json';
import ru from './locales/ru.json';
import { type Say, type SentenceTable, sayingOf } from './sentences.ts';

export const LANGUAGES = [
  { value: 'en', label: 'English' },
  { value: 'ru', label: 'Русский' },
  { value: 'kk', label: 'Қазақша' },
] as const;

const KEY = 'arna.language';

/** Sets up the words before the first draw; the choice is kept in this browser until the settings are read. */
export function startWords(): void {
  const wanted = localStorage.getItem(KEY) || navigator.language.slice(0, 2);
  void i18next.use(initReactI18next).init({
    lng: LANGUAGES.some((language) => language.value === wanted) ? wanted : 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en }, ru: { translation: ru }, kk: { translation: kk } },
    interpolation: { escapeValue: false },
    initAsync: false,
  });
  document.documentElement.lang = i18next.language;
}

export function setLanguage(language: string): void {
  localStorage.setItem(KEY, language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}

/** What is said in a language: by the engine and about the catalogue, on the pages of help, or in the flows of the gallery. */
type Speech = 'engine' | 'pages' | 'gallery';
type Fetch = () => Promise<{ default: SentenceTable }>;

/** A language costs nothing before it is chosen, nor the words of help before it is opened. */
const tables: Record<string, Record<Speech, readonly Fetch[]>> = {
  ru: {
    engine: [
      () => import('./locales/catalogue.ru.json'),
      () => import('./locales/sentences.ru.json'),
      () => import('./locales/functions.ru.json'),
    ],
    pages: [() => import('./locales/catalogue.ru.json'), () => import('./locales/pages.ru.json')],
    gallery: [() => import('./locales/gallery.ru.json')],
  },
  kk: {
    engine: [
      () => import('./locales/catalogue.kk.json'),
      () => import('./locales/sentences.kk.json'),
      () => import('./locales/functions.kk.json'),
    ],
    pages: [() => import('./locales/catalogue.kk.json'), () => import('./locales/pages.kk.json')],
    gallery: [() => import('./locales/gallery.kk.json')],
  },
};
const sayings = new Map<string, Promise<Say>>();

/** The translator of sentences into the language of the window; English ones stay as they are. */
export function saying(speech: Speech): Promise<Say> {
  const key = `${i18next.language} ${speech}`;
  const before = sayings.get(key);
  if (before) return before;
  const fetched = (tables[i18next.language]?.[speech] ?? []).map((fetch) => fetch());
  const say = Promise.all(fetched).then((them) => sayingOf(them.map((table) => table.default)));
  // a table that could not be fetched is asked for again
  say.catch(() => sayings.delete(key));
  sayings.set(key, say);
  return say;
}

const tag = () => ({ en: 'en-GB', ru: 'ru-RU', kk: 'kk-KZ' })[i18next.language] ?? 'en-GB';

/** Formats of numbers, made once: a table asks for hundreds in every frame. */
const numbers = new Map<string, Intl.NumberFormat>();

export function formatNumber(value: number, decimals = 0): string {
  const key = `${tag()}/${decimals}`;
  const made =
    numbers.get(key) ??
    new Intl.NumberFormat(tag(), { minimumFractionDigits: decimals, maximumFractionDigits: 20 });
  numbers.set(key, made);
  return made.format(value);
}

/** A cell shows a line; ten megabytes of text would stop the page. */
const LONGEST = 300;

/** A value of the data, given as plain words with their type, in the form of the reader's language. */
export function formatCell({ text, type }: { text: string; type: string }, hasCents = false): string {
  const value = Number(text);
  // a number with more digits than the page can count with stays as it was written
  if (type === 'number' && String(value) === text) {
    return formatNumber(value, hasCents || !Number.isInteger(value) ? 2 : 0);
  }
  if (type === 'date time') return formatStamp(text);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** A date and time of the data, on its own clock: the zone it was written with is kept, only the form is the reader's. */
export function formatStamp(text: string): string {
  const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?/.exec(text);
  if (!parts) return text;
  const [, year, month, day, time, seconds = ''] = parts;
  return `${day}.${month}.${year} ${time}${seconds === ':00' ? '' : seconds}`;
}

/** The name of a month, counted from 0. */
export const monthName = (month: number): string =>
  new Intl.DateTimeFormat(tag(), { month: 'long' }).format(new Date(2026, month, 1));

export const formatTime = (at_ms: number): string =>
  new Intl.DateTimeFormat(tag(), { hour: '2-digit', minute: '2-digit' }).format(at_ms);

export function formatMoment(at_ms: number): string {
  const isToday = new Date(at_ms).toDateString() === new Date().toDateString();
  if (isToday) return formatTime(at_ms);
  return new Intl.DateTimeFormat(tag(), {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).format(at_ms);
}

/** `in 3 hours`, `2 minutes ago`. */
export function formatAgo(at_ms: number, now_ms: number): string {
  const words = new Intl.RelativeTimeFormat(tag(), { numeric: 'auto', style: 'short' });
  const seconds = (at_ms - now_ms) / 1000;
  const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ];
  for (const [unit, size] of units)
    if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), unit);
  return words.format(Math.round(seconds), 'second');
}

export function formatSpan(ms: number): string {
  const unit = (value: number, name: string) =>
    new Intl.NumberFormat(tag(), {
      style: 'unit',
      unit: name,
      unitDisplay: 'narrow',
      maximumFractionDigits: 1,
    }).format(value);
  if (ms < 1000) return unit(Math.round(ms), 'millisecond');
  if (ms < 60_000) return unit(ms / 1000, 'second');
  return unit(ms / 60_000, 'minute');
}
