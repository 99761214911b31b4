import { fileURLToPath } from 'node:url'

/** Options of Node with which it runs TypeScript, in any working directory. */
export const TYPESCRIPT: readonly string[] = ['--import', new URL('../../scripts/typescript.mjs', import.meta.url).href]
/** The source of our command line. */
export const MAIN: string = fileURLToPath(new URL('../../lib/cli/main.ts', import.meta.url))

const built = process.env['DOCKER_MTLS_COMMAND']

/** The words after `node` that run our command line: the built one, which ships; in a plain `node --test` its source. */
export const COMMAND: readonly string[] = built === undefined ? [...TYPESCRIPT, MAIN] : [built]
