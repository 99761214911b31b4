import { RegistryError } from '../../../base/errors.ts'
import { withoutEnd } from '../../../base/text.ts'
import { HUB, LEGACY_HUB, parseReference, type ImageReference } from '../../../registry/reference.ts'
import type { ImagePattern } from '../types.ts'
import { refused, type Kind, type Refused } from './value.ts'

export const IMAGE: Kind<ImagePattern> = {
  expected: 'an image, such as registry.example.com/team/* or alpine',
  read: (text) => {
    if (text === '*') return refused(text, 'is every image', 'Name a registry, such as registry.example.com/*.')
    if (text.endsWith('/*')) return readPrefix(text)
    if (text.includes('*')) return refused(text, 'has a * within', 'Write * only at the end, after a slash.')
    const image = referenceOf(text, text)
    if (!('name' in image)) return image
    const { name, tag, digest } = image
    if (tag !== undefined) {
      // A registry may put another image behind a tag at any time.
      const bare = withoutEnd(text.replace(/@.*$/s, '').slice(0, -tag.length), ':')
      return refused(text, 'has a tag', `Write ${bare} for all tags, or pin one image: ${bare}@sha256:...`)
    }
    return { text, name, ...(digest !== undefined && { digest }) }
  },
}

/** The prefix of everything in a registry, or in a part of it. */
function readPrefix(text: string): ImagePattern | Refused {
  const prefix = text.slice(0, -1)
  // Else it would be docker.io/library/.
  if (prefix === `${HUB}/` || prefix === `${LEGACY_HUB}/`) return { text, prefix: `${HUB}/` }
  const image = referenceOf(`${prefix}x`, text)
  return 'name' in image ? { text, prefix: image.name.slice(0, -1) } : image
}

function referenceOf(reference: string, text: string): ImageReference | Refused {
  try {
    return parseReference(reference)
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return refused(text, `is not an image name: ${error.got}`, 'Write REGISTRY/REPOSITORY or REGISTRY/*.')
  }
}

/** Does a policy mean this image, by its name? A reference without a digest may be any of the repository. */
export function matchesImage(pattern: ImagePattern, image: Pick<ImageReference, 'name' | 'digest'>): boolean {
  if (pattern.prefix !== undefined) return image.name.startsWith(pattern.prefix)
  return image.name === pattern.name && (pattern.digest === undefined || image.digest === pattern.digest)
}
