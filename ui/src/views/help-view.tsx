/** Help: the pages of docs/guide and docs/nodes, as they stand in the repository, in the language of the window where there is one. */
import { CircleHelp } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { saying } from '../kit/i18n.ts';
import { useLoad } from '../kit/load.tsx';
import { Loading, Scroll, State } from '../kit/surfaces.tsx';
import { functionPage } from './function-words.ts';
import { Markdown } from './markdown.tsx';
import { nodePage } from './node-words.ts';
import { go } from './route.ts';
import './help.css';

const pages = import.meta.glob<string>(['../../../docs/guide/**/*.md', '../../../docs/nodes/*.md'], {
  query: '?raw',
  import: 'default',
});
const DOCS = '../../../docs';
const CHAPTERS = [
  'first-steps',
  'canvas',
  'starts',
  'formulas',
  'connections',
  'failures',
  'cases',
  'sharing',
  'flow-file',
  'cli',
  'desktop',
] as const;

/** The file of a page such as `guide/canvas` or `nodes/csv.read`, in the language if it was translated. */
function fileOf(page: string, language: string): string | undefined {
  const local = page.startsWith('guide/')
    ? `${DOCS}/guide/${language}/${page.slice('guide/'.length)}.md`
    : undefined;
  return [local, `${DOCS}/${page}.md`].find((path) => path && path in pages);
}

/** The page a link in a file leads to, or none when help has no such page. A page is one, in whatever language it is shown. */
function pageOf(href: string, from: string): string | undefined {
  const path = new URL(href, `https://docs.invalid/${from.slice(DOCS.length + 1)}`).pathname.slice(1);
  const page = path.replace(/\.md$/, '').replace(/^guide\/(ru|kk)\//, 'guide/');
  return fileOf(page, '') ? page : undefined;
}

/** The text of a file; what is generated in English, or in all languages at once, as the language needs it. */
async function read(file: string | undefined, language: string): Promise<string> {
  const text = file ? ((await pages[file]?.()) ?? '') : '';
  if (file?.startsWith(`${DOCS}/guide/functions/`)) return functionPage(text, language);
  return file?.startsWith(`${DOCS}/nodes/`) ? nodePage(text, await saying('pages')) : text;
}

export default function HelpView({ page }: { page: string }) {
  const { t, i18n } = useTranslation();
  const shown = page.includes('/') ? page : 'guide/first-steps';
  const file = fileOf(shown, i18n.language);
  const text = useLoad(() => read(file, i18n.language), `${i18n.language} ${file}`);
  return (
    <main className="screen help" aria-label={t('rail.help')}>
      <nav className="help-chapters" aria-label={t('help.chapters')}>
        {CHAPTERS.map((chapter) => (
          <a
            key={chapter}
            href={`#/help/${encodeURIComponent(`guide/${chapter}`)}`}
            aria-current={shown === `guide/${chapter}` ? 'page' : undefined}
          >
            {t(`help.${chapter.replace('-', '_')}`)}
          </a>
        ))}
      </nav>
      <Scroll key={shown} className="help-page" label={t('rail.help')}>
        {file === undefined ? (
          <State icon={<CircleHelp />} title={t('help.none')} />
        ) : text.value === undefined ? (
          <Loading label={t('common.loading')} />
        ) : (
          <Markdown
            text={text.value}
            onLink={(href) => {
              const to = pageOf(href, file);
              return to ? () => go('help', to) : undefined;
            }}
          />
        )}
      </Scroll>
    </main>
  );
}
