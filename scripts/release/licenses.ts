import satisfies from 'spdx-satisfies'
import { Refusal } from './refusal.ts'
import type { Bom, Component, License } from './sbom.ts'

/** Licences that ask for nothing more than their own text. */
const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
]

/** Checks the licences of all packages in a document, and lists the licences. */
export function checkLicenses({ components }: Pick<Bom, 'components'>): string[] {
  for (const component of components) checkLicense(component)
  return [...new Set(components.map(expressionOf))].toSorted()
}

function checkLicense(component: Component): void {
  const expression = expressionOf(component)
  if (isAllowed(expression)) return
  throw new Refusal(
    `${component.name} ${component.version} has the licence ${expression || 'none'}, which isn't allowed.`,
    'Use another package, or let the owner decide on the licence (ALLOWED in scripts/release/licenses.ts).',
  )
}

function isAllowed(expression: string): boolean {
  try {
    return satisfies(expression, ALLOWED)
  } catch {
    return false
  }
}

/** Several entries without an expression all apply. */
function expressionOf({ licenses = [] }: Component): string {
  return licenses.map(textOf).join(' AND ')
}

function textOf(one: License): string {
  return 'expression' in one ? one.expression : (one.license.id ?? one.license.name ?? '')
}
