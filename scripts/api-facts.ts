/**
 * Extracts types and operations from the Engine API specification, without descriptions, for
 * test/engine/conformance.test.ts.
 *
 *     node --import tsx scripts/api-facts.ts SPECIFICATION.yaml > test/engine/api-facts.json
 */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { ApiFacts } from './api-facts/facts.ts'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('Name the specification: scripts/api-facts.ts swagger.yaml')
process.stdout.write(new ApiFacts(parse(readFileSync(file, 'utf8')) as never).toText())
