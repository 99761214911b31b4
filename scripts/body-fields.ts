/**
 * Writes lib/engine/body-fields/table.ts from the specification's facts (see scripts/api-facts.ts) and the engine's
 * Operations.
 *
 *     node --import tsx scripts/body-fields.ts
 */
import { writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { loadOperations } from '../test/engine/support/operations.ts'
import { FACTS, shapeOf } from '../test/engine/support/rows.ts'
import { bodyFields } from './api-facts/body-fields.ts'

const target = new URL('../lib/engine/body-fields/table.ts', import.meta.url)
const { bodies, types } = bodyFields(FACTS, await loadOperations(), shapeOf)
const text = `// Written by scripts/body-fields.ts from the specification of API ${FACTS.version}, with fields of older versions.

/** The type of the body of each operation, by the name of its method. */
export const BODIES: Readonly<Record<string, string>> = ${JSON.stringify(bodies)}

/** The fields of each type: \`Name\`, \`Name:Type\` for an object or a list of them, \`Name:*Type\` for a map of them. */
export const TYPES: Readonly<Record<string, string>> = ${JSON.stringify(types)}
`
writeFileSync(target, await format(text, { ...(await resolveConfig(target)), parser: 'typescript' }))
