/** Light, dark, or as the system says. Remembered by the browser. */
export type Theme = 'system' | 'light' | 'dark';

const key = 'theme';

class ThemeChoice {
  theme = $state<Theme>('system');

  /** Applies what was chosen last time. */
  start(): void {
    const stored = localStorage.getItem(key);
    this.choose(stored === 'light' || stored === 'dark' ? stored : 'system');
  }

  choose(theme: Theme): void {
    this.theme = theme;
    localStorage.setItem(key, theme);
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }
}

export const themeChoice = new ThemeChoice();
