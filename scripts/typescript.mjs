/**
 * `node --import ./scripts/typescript.mjs FILE`: runs TypeScript from the output of compile.mjs, which takes half the
 * CPU time of starting tsx. Plain JavaScript, because it loads everything else.
 */
import { register } from 'node:module'

// Stack traces then show the lines of the sources.
process.setSourceMapsEnabled(true)
register('./typescript-hooks.mjs', import.meta.url)
