import type { InfoFacts, VersionFacts } from '../snapshot/daemon-schema.ts'
import { parseVersion } from './compare.ts'
import type { Component } from './vulnerability.ts'

/** What the versions of a daemon are read from. */
export interface Versions {
  readonly version: VersionFacts
  readonly info: InfoFacts
  /** The authorization plugins that its configuration names. Undefined: it wasn't read. */
  readonly configuredPlugins?: readonly string[] | undefined
}

/** A program of the daemon's host. */
export interface Build {
  readonly name: string
  readonly version: string
  /** Whether the project itself built it. A distribution's build may contain fixes of newer versions. */
  readonly isOriginal: boolean
}

/** What Docker's own builds of the engine call themselves. Those of distributions have no name. */
const DOCKERS = /^Docker (?:Engine|Desktop)/
/** A commit, or `v1.2.5-0-g59923ef` (git-describe(1)). Distributions write nothing, or the version of their package. */
const COMMIT = /^(?:v[\d.]+(?:-rc\.?\d+)?-\d+-g)?[0-9a-f]{7,40}$/

/** The build of a component; undefined if the daemon doesn't report its version. */
export function buildOf(component: Component, { version, info }: Versions): Build | undefined {
  switch (component) {
    case 'engine':
    case 'buildkit':
      return engineBuild('Engine', version.Version, version)
    case 'go':
      return engineBuild('Go', version.GoVersion, version)
    case 'kernel':
      return build('Linux', version.KernelVersion ?? info.KernelVersion, true)
    case 'desktop':
      return build('Docker Desktop', desktopVersion(version), true)
    case 'containerd':
    case 'runc':
      return componentBuild(component, version)
  }
}

/** The version of Docker Desktop; undefined if the daemon isn't in one. */
export function desktopVersion({ Platform }: VersionFacts): string | undefined {
  return /^Docker Desktop v?(\d[\d.]*)/.exec(Platform?.Name ?? '')?.[1]
}

function engineBuild(name: string, text: string | undefined, { Platform }: VersionFacts): Build | undefined {
  return build(name, text, DOCKERS.test(Platform?.Name ?? ''))
}

function componentBuild(name: string, { Components }: VersionFacts): Build | undefined {
  const component = Components?.find(({ Name }) => Name === name)
  return build(name, component?.Version, COMMIT.test(component?.Details?.['GitCommit'] ?? ''))
}

function build(name: string, version: string | undefined, isOriginal: boolean): Build | undefined {
  if (version === undefined || version === '') return undefined
  return { name, version, isOriginal: isOriginal && parseVersion(version)?.suffix === '' }
}
