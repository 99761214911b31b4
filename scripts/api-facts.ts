/**
 * Extracts types and operations from the Engine API specification, without descriptions, for
 * test/engine/conformance.test.ts.
 *
 *     node --import tsx scripts/api-facts.ts SPECIFICATION.yaml > test/engine/api-facts-1.55.json
 */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { ApiFacts } from './api-facts/facts.ts'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('Name the specification: scripts/api-facts.ts engine-api-v1.55.yaml')
process.stdout.write(new ApiFacts(parse(readFileSync(file, 'utf8')) as never).toText())
