import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import type { Bom } from './sbom.ts'
import { Refusal } from './refusal.ts'

const require = createRequire(import.meta.url)
/** The schemas of CycloneDX, which its own library contains. */
const FOLDER = join(dirname(require.resolve('@cyclonedx/cyclonedx-library/package.json')), 'res/schema')
/** What the schema of a document refers to, by these names of the files. */
const OTHERS = ['spdx.SNAPSHOT.schema.json', 'jsf-0.82.SNAPSHOT.schema.json']
const BASE = 'http://cyclonedx.org/schema/'

function readSchema(name: string): object {
  return JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as object
}

/** Checks a document by the schema of CycloneDX 1.5, which `npm sbom` writes. */
export function checkBom(bom: Bom): void {
  const ajv = new Ajv({ strict: false, validateFormats: true, formats: { 'iri-reference': true, 'idn-email': true } })
  formats.default(ajv)
  for (const name of OTHERS) ajv.addSchema({ ...readSchema(name), $id: BASE + name })
  const validate = ajv.compile(readSchema('bom-1.5.SNAPSHOT.schema.json'))
  if (validate(bom)) return
  throw new Refusal(
    `The SBOM doesn't follow the schema of CycloneDX 1.5: ${ajv.errorsText(validate.errors?.slice(0, 3))}.`,
    'Correct scripts/release/sbom.ts.',
  )
}
