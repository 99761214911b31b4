/** Runs before the page is painted, so that it doesn't appear in the other colours first. */
import { applyTheme, storedTheme } from './themes.ts'

applyTheme(storedTheme())
