import { createRoot } from 'react-dom/client';
import { httpBridge, takeToken } from './bridge/http.ts';
import { connectBridge } from './bridge/index.ts';
import { speaking } from './bridge/speaking.ts';
import { desktopBridge, isDesktop } from './bridge/tauri.ts';
import sprite from './generated/icons.svg?raw';
import { mountSprite } from './kit/glyph.tsx';
import { startWords } from './kit/i18n.ts';
import { startTheme } from './kit/theme.ts';
import { App } from './views/app.tsx';
import './kit/tokens.css';
import './kit/base.css';
import './kit/kit.css';
import './kit/surfaces.css';
import './library/palette.css';
import './runs/runs.css';
import './views/question.css';
import './views/views.css';
import './views/editor.css';

async function start(): Promise<void> {
  if (import.meta.env.MODE === 'fake') {
    const { fakeBridge } = await import('./bridge/fake/index.ts');
    const asked = new URLSearchParams(location.search);
    const rows = asked.get('rows');
    const bridge = fakeBridge({
      isFirstStart: asked.has('first'),
      tableRows: rows ? Number(rows) : undefined,
    });
    connectBridge(speaking(bridge));
    Object.assign(window, { fakeEngine: bridge });
  } else if (isDesktop()) {
    connectBridge(speaking(desktopBridge()));
  } else {
    connectBridge(speaking(httpBridge(takeToken())));
  }
  startTheme();
  startWords();
  mountSprite(sprite);
  const root = document.getElementById('root');
  if (root) createRoot(root).render(<App />);
}

void start();
