import { Refusal } from './refusal.ts'

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly repository?: string | { readonly url?: string }
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly bin: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

export interface Lock {
  readonly version?: string
  readonly packages: Readonly<Record<string, LockedPackage>>
}

export interface LockedPackage {
  readonly version?: string
  readonly integrity?: string
  readonly optional?: boolean
  readonly devOptional?: boolean
}

interface Section {
  /** `0.2.0` or `Unreleased`. */
  readonly title: string
  /** What follows the title, such as a date. */
  readonly date: string
  readonly text: string
}

/** The sections of CHANGELOG.md, in the format of Keep a Changelog. */
export function parseChangelog(text: string): Section[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...lines] = section.split('\n')
      const [title = '', date = ''] = heading.split(' - ')
      return { title: title.trim(), date: date.trim(), text: lines.join('\n').trim() }
    })
}

/**
 * Checks that package.json, package-lock.json and CHANGELOG.md name the same version, and that its section has a date.
 *
 * @returns the text of the section
 */
export function checkVersion(manifest: Manifest, lock: Lock, changelog: string, tag?: string): string {
  const { version } = manifest
  if (lock.version !== version || lock.packages['']?.version !== version) {
    throw new Refusal(
      `package.json has version ${version}, and package-lock.json ${lock.version ?? 'none'}.`,
      'Write the version of package.json to the lock file:  npm install --package-lock-only',
    )
  }
  if (tag !== undefined && tag !== `v${version}`) {
    throw new Refusal(
      `The tag ${tag} isn't the version of package.json, ${version}.`,
      `Delete the tag, and set it on the commit of that version:  git push --delete origin ${tag}`,
    )
  }
  return checkSections(version, parseChangelog(changelog))
}

function checkSections(version: string, sections: readonly Section[]): string {
  const unreleased = sections.find(({ title }) => title === 'Unreleased')
  const newest = sections.find(({ title }) => title !== 'Unreleased')
  if (newest?.title !== version) {
    throw new Refusal(
      `The newest section of CHANGELOG.md is ${newest?.title ?? 'missing'}, not ${version}, the version of package.json.`,
      `Add "## ${version} - YYYY-MM-DD" below "## Unreleased" in CHANGELOG.md.`,
    )
  }
  if (unreleased !== undefined && unreleased.text !== '') {
    throw new Refusal(
      'CHANGELOG.md has entries below "Unreleased".',
      `Move them to the section of ${version}, in CHANGELOG.md.`,
    )
  }
  if (!isDate(newest.date)) {
    throw new Refusal(
      `The section ${version} of CHANGELOG.md has no date, but ${JSON.stringify(newest.date)}.`,
      `Write the day of the release:  ## ${version} - YYYY-MM-DD`,
    )
  }
  if (newest.text === '')
    throw new Refusal(`The section ${version} of CHANGELOG.md is empty.`, 'Describe the changes there.')
  return newest.text
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && dayOf(text) === text
}

/** JavaScript reads February 30 as a day in March. */
function dayOf(text: string): string {
  return new Date(text).toISOString().slice(0, 10)
}

/** Fields of package.json that only the owner of the package knows. docs/releasing.md describes them. */
const OWNERS_FIELDS = ['repository', 'homepage', 'bugs', 'author']

/**
 * Lists the owner's fields that package.json lacks.
 *
 * @param publishing - whether the version is being published. Then `repository` is required: npm accepts no provenance without it
 */
export function missingFields(manifest: Manifest, publishing: boolean): string[] {
  const missing = OWNERS_FIELDS.filter((field) => manifest[field] === undefined)
  if (publishing && missing.includes('repository')) {
    throw new Refusal(
      'package.json has no "repository", and npm accepts no provenance without it.',
      'Add the address of the repository to package.json (docs/releasing.md, "What only the owner knows").',
    )
  }
  return missing
}
