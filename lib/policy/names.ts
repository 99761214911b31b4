import { parseReference, type ImageReference } from '../registry/reference.ts'
import type { PolicyRule } from './file/types.ts'
import { matchesImage } from './file/values/images.ts'
import { matchesLabel, mayMeanLabel } from './file/values/labels.ts'
import type { CapabilitiesUse, ImageUse, LabelUse, NetworkName, Reference } from './judging/finding.ts'
import { objectOf, textOf } from './judging/values.ts'
import type { Json, Reason } from './request.ts'

export const limitsImages = ({ only, deny }: Pick<PolicyRule, 'only' | 'deny'>): boolean =>
  only.images !== undefined || deny.images.length > 0

/** What the rule says about an image, by its name. */
export function refusedImage(
  { name, where }: Pick<ImageUse, 'name' | 'where'>,
  rule: Pick<PolicyRule, 'only' | 'deny'>,
): readonly Reason[] {
  if (!limitsImages(rule)) return []
  const { only, deny } = rule
  const refuse = (got: string): Reason[] => [{ code: 'IMAGE_REFUSED', where, got }]
  const image = readImage(name)
  if (image === undefined) return refuse(`${name} does not say which repository the image is from`)
  // A tag may stand for the digest that the rule denies.
  const isDenied = deny.images.some((one) =>
    matchesImage(image.digest === undefined ? { ...one, digest: undefined } : one, image),
  )
  if (isDenied) return refuse(`the rule denies ${name}`)
  const isNamed = only.images?.some((one) => matchesImage(one, image)) ?? true
  return isNamed ? [] : refuse(`the rule does not name ${name}`)
}

/** The same about an image by all of its names: the rule must deny none, and allow one. */
export function refusedImageOf(names: readonly string[], where: string, { only, deny }: PolicyRule): readonly Reason[] {
  if (!limitsImages({ only, deny })) return []
  const [denied] = names.flatMap((name) => refusedImage({ name, where }, { only: {}, deny }))
  if (denied) return [denied]
  if (names.some((name) => refusedImage({ name, where }, { only, deny }).length === 0)) return []
  return [
    { code: 'IMAGE_REFUSED', where, got: `the rule does not name ${names.join(' or ') || 'an image without a name'}` },
  ]
}

/** Undefined for an id: dockerd also takes the beginning of one for an image. */
function readImage(name: string): ImageReference | undefined {
  if (/^(?:sha256:)?[0-9a-f]+$/.test(name)) return undefined
  try {
    return parseReference(name)
  } catch {
    return undefined
  }
}

/** The docker command sends the ids of networks for services. */
const NETWORK_ID = /^(?:[0-9a-f]{12,64}|[0-9a-z]{25})$/

/**
 * What the rule says about a network, by its own name and id: a request can also name it by the beginning of its id.
 *
 * @param fact - what the daemon says of it. Omitted: it is not known yet
 */
export function refusedNetwork(
  { name, where }: Pick<Reference, 'name' | 'where'>,
  { only, deny }: PolicyRule,
  fact?: Json,
): readonly Reason[] {
  if (fact === undefined && NETWORK_ID.test(name)) return []
  const refuse = (got: string): Reason[] => [{ code: 'NETWORK_REFUSED', where, got }]
  const { Name = name, Id = name } = objectOf(fact)
  const own = [textOf(Name), textOf(Id)]
  if ([name, ...own].some((one) => deny.networks.includes(one))) return refuse(`the rule denies ${own[0]}`)
  return (only.networks?.some((one) => own.includes(one)) ?? true) ? [] : refuse(`the rule does not name ${own[0]}`)
}

export const limitsNetworks = ({ only, deny }: PolicyRule): boolean =>
  only.networks !== undefined || deny.networks.length > 0

/** What the rule says about the name of a network to create: whoever creates a network chooses what it reaches. */
export function refusedNetworkName({ name, where }: NetworkName, { allow, only, deny }: PolicyRule): readonly Reason[] {
  const refuse = (got: string): Reason[] => [{ code: 'NETWORK_REFUSED', where, got }]
  if (deny.networks.includes(name)) return refuse(`the rule denies ${name}`)
  if (only.networks?.includes(name) !== true || allow.operations.includes('networks.create')) return []
  return refuse(
    `only.networks lets callers use ${name}, but to create it, they also need allow.operations: networks.create`,
  )
}

/** What the rule says about a label, by its key. */
export function refusedLabel({ name, where }: Omit<LabelUse, 'kind'>, { only, deny }: PolicyRule): readonly Reason[] {
  const refuse = (got: string): Reason[] => [{ code: 'LABEL_REFUSED', where, got }]
  const denied = deny.labels.find((one) => mayMeanLabel(one, name))
  if (denied !== undefined) return refuse(`the rule denies ${denied}, and ${JSON.stringify(name)} may mean the same`)
  const isNamed = only.labels?.some((one) => matchesLabel(one, name)) ?? true
  return isNamed ? [] : refuse(`the rule does not name the label ${JSON.stringify(name)}`)
}

/** What the rule says about the capabilities of a container: those that it denies have to be dropped. */
export function refusedCapabilities(
  { names, where, because }: CapabilitiesUse,
  { deny }: PolicyRule,
): readonly Reason[] {
  const had = deny.capabilities.filter((name) => names.includes(name) || names.includes('ALL'))
  return had.map((name) => ({
    code: 'CAPABILITY',
    where,
    got:
      because === undefined
        ? `it does not drop ${name}, which the rule denies`
        : `the rule denies ${name}, but ${because}`,
  }))
}
