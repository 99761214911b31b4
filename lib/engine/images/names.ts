import { ArgumentError, RegistryError } from '../../base/errors.ts'
import { shown } from '../description.ts'
import { parseReference, type ImageReference } from '../../registry/reference.ts'

/** The tag of a name without tag and digest (moby, reference.TagNameOnly). */
const LATEST = 'latest'

/**
 * Parses the name of a single image. Without a tag the daemon would pull or push all tags.
 *
 * @throws {@link RegistryError} ERR_REFERENCE_INVALID
 */
export function parseOne(image: string): ImageReference {
  const reference = parseReference(image)
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: LATEST } : reference
}

/**
 * Parses the name of a repository, for all of its tags.
 *
 * @throws {@link RegistryError} ERR_REFERENCE_INVALID
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID if it has a tag or a digest
 */
export function parseAll(image: string): ImageReference {
  const reference = parseReference(image)
  if (reference.tag === undefined && reference.digest === undefined) return reference
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the option allTags with ${image}`,
    got: 'the name has a tag or a digest',
    todo: `Pass only the repository, ${reference.familiarName}, or omit allTags.`,
  })
}

/**
 * Parses the name of a single image to push. A name with a digest can't be pushed.
 *
 * @throws {@link RegistryError} ERR_REFERENCE_INVALID
 */
export function parseTagged(image: string): ImageReference {
  const reference = parseOne(image)
  if (reference.digest === undefined) return reference
  throw new RegistryError('ERR_REFERENCE_INVALID', {
    tried: `pushing ${image}`,
    got: 'the name has a digest, and only tags can be pushed',
    todo: `Tag the image first, and push the tag:  docker.images.tag('${image}', '${reference.familiarName}:TAG')`,
  })
}

/** The daemon would drop the tag in the name. */
export function refuseTwoTags(of: string, repo: unknown, options: { readonly tag?: string | undefined } | null): void {
  if (typeof repo !== 'string' || !options?.tag || !/:[^/]*$/.test(repo)) return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the name ${shown(repo)} of ${of}`,
    got: 'it has a tag, and so have the options',
    todo: 'Omit the option tag, or the tag in the name.',
  })
}

/** The repository and the tag of a new name. dockerd also takes them together, Podman doesn't. */
export function splitTag(name: string): Readonly<Record<'repo', string>> & { readonly tag?: string } {
  const [, repo, tag] = (typeof name === 'string' && /^([^@]+):(\w[\w.-]*)$/.exec(name)) || []
  return repo === undefined || tag === undefined ? { repo: name } : { repo, tag }
}
