export type Theme = 'auto' | 'light' | 'dark'

const KEY = 'docker-mtls-theme'
export const THEMES: readonly Theme[] = ['auto', 'light', 'dark']

/** A browser may forbid storage, as for pages in a folder. */
export function storedTheme(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'auto'
  } catch {
    return 'auto'
  }
}

export function storeTheme(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // Then it lasts for this page.
  }
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme
}
