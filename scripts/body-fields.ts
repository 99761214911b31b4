/**
 * Writes lib/engine/body-fields/table.ts from the specification's facts (see scripts/api-facts.ts) and the engine's
 * Operations.
 *
 *     node --import tsx scripts/body-fields.ts
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadOperations } from '../test/engine/support/operations.ts'
import { FACTS, shapeOf } from '../test/engine/support/rows.ts'
import { bodyFields } from './api-facts/body-fields.ts'

const target = new URL('../lib/engine/body-fields/table.ts', import.meta.url)
const { bodies, types } = bodyFields(FACTS, await loadOperations(), shapeOf)
const text = `// Written by scripts/body-fields.ts from the specification of API ${FACTS.version}, with fields of older versions.

/** The form of the body of each operation, by the name of its method. */
export const BODIES: Readonly<Record<string, string>> = ${JSON.stringify(bodies)}

/**
 * The fields of each type: \`Name:Form\`, or \`Name\` for any value. A form is \`s\` for a string, \`i\` for an integer, \`n\` for a
 * number, \`b\` for a boolean, \`c\` for a command,
 * \`s=a|b\` for one of these strings, or the name of a type. \`[Form\` is a list, and \`*Form\` a map.
 */
export const TYPES: Readonly<Record<string, string>> = ${JSON.stringify(types)}
`
writeFileSync(target, text)
execFileSync('npx', ['oxfmt', fileURLToPath(target)], { stdio: 'inherit' })
