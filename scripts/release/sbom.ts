import { createHash } from 'node:crypto'
import type { Bundled } from './bundled.ts'
import { Refusal } from './refusal.ts'
import { run } from './run.ts'
import type { Manifest } from './version.ts'

export interface Component {
  readonly 'bom-ref': string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly scope?: string
  readonly properties?: readonly { readonly name: string; readonly value: string }[]
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
  readonly licenses?: readonly License[]
}

export type License =
  | { readonly expression: string }
  | { readonly license: { readonly id?: string; readonly name?: string } }

/** A CycloneDX document, as far as it is read here. */
export interface Bom {
  readonly serialNumber?: string
  readonly metadata: { readonly component: Component; readonly [field: string]: unknown }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

/** What the document says about the tarball. */
export interface Release {
  readonly manifest: Manifest
  readonly bundled: readonly Bundled[]
  readonly sha256: string
  /** When the commit was made, so that the document of a commit is always the same. */
  readonly date: string
}

const DEVELOPMENT = 'cdx:npm:package:development'
const BUNDLED = 'cdx:npm:package:bundled'

/** The document of a release, from npm's own document about the lock file of a clone. */
export async function createBom(clone: string, release: Release): Promise<Bom> {
  const command = ['npm', 'sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']
  const printed = await run(command, { cwd: clone }, 'Use npm 10 or newer, which knows "npm sbom".')
  return releaseBom(JSON.parse(printed) as Bom, release)
}

/**
 * Keeps the packages that an install brings or the tarball contains, and names the tarball. npm's document has all packages of
 * the lock file, calls the package like its folder, and has the current time.
 */
export function releaseBom(bom: Bom, { manifest, bundled, sha256, date }: Release): Bom {
  const isBundled = ({ name, version }: Component): boolean =>
    bundled.some((one) => one.name === name && one.version === version)
  const components = bom.components.flatMap((component) => {
    if (isBundled(component))
      return [{ ...component, scope: 'required', properties: [{ name: BUNDLED, value: 'true' }] }]
    return isDevelopment(component) ? [] : [component]
  })
  checkComponents(components, bundled)
  const own = bom.metadata.component
  const component = { ...own, name: manifest.name, hashes: [{ alg: 'SHA-256', content: sha256 }] }
  return {
    ...bom,
    serialNumber: `urn:uuid:${uuidOf(sha256)}`,
    metadata: { ...bom.metadata, timestamp: date, lifecycles: [{ phase: 'build' }], component },
    components,
    dependencies: keptDependencies(bom, new Set([own, ...components].map((one) => one['bom-ref']))),
  }
}

function isDevelopment({ properties = [] }: Component): boolean {
  return properties.some(({ name }) => name === DEVELOPMENT)
}

function checkComponents(components: readonly Component[], bundled: readonly Bundled[]): void {
  const absent = bundled.find(
    (one) => !components.some(({ name, version }) => name === one.name && version === one.version),
  )
  if (absent !== undefined) {
    throw new Refusal(
      `The lock file has no ${absent.name} ${absent.version}, whose code is in the tarball.`,
      'Build with the packages of the lock file:  npm ci',
    )
  }
  const vague = components.find(({ purl, hashes, licenses }) => !purl || !hashes?.length || !licenses?.length)
  if (vague !== undefined) {
    throw new Refusal(
      `${vague.name} has no package URL, hash or licence in the SBOM.`,
      'Use a version of this package that names its licence and comes from the registry.',
    )
  }
}

function keptDependencies({ dependencies }: Bom, kept: ReadonlySet<string>): Bom['dependencies'] {
  return dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => kept.has(one)) }))
}

/** A UUID of version 8 (RFC 9562): the same for the same tarball. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
