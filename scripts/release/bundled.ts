/** A package whose code the build has put into ours. */
export interface Bundled {
  readonly name: string
  readonly version: string
}

/** Reads the file that scripts/bundled-licenses.mjs writes. */
export function parseBundled(text: string): Bundled[] {
  const heads = text.matchAll(/^-{80}\n(?<name>\S+) (?<version>\S+), .+$/gm)
  return [...heads].map(({ groups = {} }) => ({ name: groups['name'] ?? '', version: groups['version'] ?? '' }))
}
