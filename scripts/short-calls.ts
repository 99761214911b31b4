/**
 * Writes lib/transport/short-calls.ts from the engine's Operations. The dispatcher can't import those (transport must
 * not import the engine), but it also serves callers that send plain requests, such as fetch and dockerode.
 *
 *     node --import tsx scripts/short-calls.ts
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadOperations } from '../test/engine/support/operations.ts'
import { shortCalls } from '../test/engine/support/short-calls.ts'

const target = new URL('../lib/transport/short-calls.ts', import.meta.url)
const text = `// Written by scripts/short-calls.ts from the engine's Operations with the lane 'short'.

/** Method and path of each operation of the Engine API that the daemon answers immediately. */
export const SHORT_CALLS: readonly string[] = ${JSON.stringify(shortCalls(await loadOperations()))}
`
writeFileSync(target, text)
execFileSync('npx', ['oxfmt', fileURLToPath(target)], { stdio: 'inherit' })
