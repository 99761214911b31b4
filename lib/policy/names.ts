import type { ImagePattern, PolicyRule } from './file/types.ts'
import type { ImageUse, Reference } from './judging/finding.ts'
import { matchesImage, readImage } from './image.ts'
import type { Reason } from './request.ts'

/** The images that a rule names apply. */
export function refusedImage({ name, where }: ImageUse, { only, deny }: PolicyRule): readonly Reason[] {
  if (only.images === undefined && deny.images.length === 0) return []
  const refuse = (got: string): Reason[] => [{ code: 'IMAGE_REFUSED', where, got }]
  const image = readImage(name)
  if (image === undefined) return refuse(`${name} doesn't say which repository it is from`)
  const matches = (pattern: ImagePattern): boolean => matchesImage(pattern, image)
  if (deny.images.some(matches)) return refuse(`the rule denies ${name}`)
  return only.images === undefined || only.images.some(matches) ? [] : refuse(`the rule does not name ${name}`)
}

/** A rule names networks as requests do. */
export function refusedNetwork({ name, where }: Reference, { only, deny }: PolicyRule): readonly Reason[] {
  const refuse = (got: string): Reason[] => [{ code: 'NETWORK_REFUSED', where, got }]
  if (deny.networks.includes(name)) return refuse(`the rule denies ${name}`)
  return only.networks === undefined || only.networks.includes(name) ? [] : refuse(`the rule does not name ${name}`)
}
