/**
 * Shows which rows our tables lack for a specification, and ends with 1 if there are any. CONTRIBUTING.md says what to do
 * for a new version of the Engine API.
 *
 *     node --import tsx scripts/new-api-version.ts swagger.yaml
 */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { ClientTypes } from '../test/engine/support/client-types.ts'
import { loadOperations } from '../test/engine/support/operations.ts'
import { ApiFacts } from './api-facts/facts.ts'
import { missingRows } from './api-facts/missing-rows.ts'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('Name the specification: scripts/new-api-version.ts swagger.yaml')
const facts = new ApiFacts(parse(readFileSync(file, 'utf8')) as never)
const missing = missingRows(facts, await loadOperations(), new ClientTypes())
for (const [table, row] of missing) console.log(`${table}: ${row}`)
process.exitCode = missing.length === 0 ? 0 : 1
