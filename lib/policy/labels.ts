import type { Facts, Need } from './facts.ts'
import type { PolicyRule } from './file/types.ts'
import { MOST_FOUND } from './judging/finding.ts'
import { inspectedLabels, labelsIn, labelsOf } from './judging/labels.ts'
import { objectOf, textOf } from './judging/values.ts'
import { refusedLabel } from './names.ts'
import { namesOtherPlatform } from './platform.ts'
import { OWNER_LABEL } from './owner/belonging.ts'
import { changesFault } from './owner/changes.ts'
import type { Json, ReadRequest, Reason } from './request.ts'

interface Asking {
  readonly rule: PolicyRule
  readonly facts: Facts
  readonly need: (need: Need) => void
}

/** Why a rule refuses the labels that a request sets, and those that come with what it names. */
export function labelReasons(read: ReadRequest, asking: Asking): readonly Reason[] {
  const { rule } = asking
  if (rule.only.labels === undefined && rule.deny.labels.length === 0) return []
  const { name } = read.operation
  const unseen = rule.allow.operations.includes(name) ? undefined : unseenLabels(read)
  return [
    ...(unseen === undefined ? [] : [unseen]),
    ...labelsOfBuild(read).flatMap((one) => reasonsOfLabel(one, rule)),
    ...reasonsOfChanges(read),
    ...reasonsOfPlatform(read, asking),
    ...reasonsOfBody(read, rule),
    ...reasonsOfSource(read, asking),
  ]
}

/** A decision looks at them at each level, and again after each question to the daemon; they depend on neither. */
const ofBodies = new WeakMap<ReadRequest, Map<PolicyRule, readonly Reason[]>>()

function reasonsOfBody(read: ReadRequest, rule: PolicyRule): readonly Reason[] {
  const byRule = ofBodies.get(read) ?? new Map<PolicyRule, readonly Reason[]>()
  ofBodies.set(read, byRule)
  const known = byRule.get(rule)
  if (known !== undefined) return known
  const found: Reason[] = []
  for (const one of labelsIn(read.body)) {
    if (found.length > MOST_FOUND) break
    found.push(...reasonsOfLabel(one, rule))
  }
  byRule.set(rule, found)
  return found
}

/** Who has an owner may set its label, which has a rule of its own. */
export function reasonsOfLabel(
  label: { readonly name: string; readonly where: string },
  rule: PolicyRule,
): readonly Reason[] {
  return label.name === OWNER_LABEL && rule.owner !== undefined ? [] : refusedLabel(label, rule)
}

function labelsOfBuild({ operation, query }: ReadRequest): ReturnType<typeof labelsOf> {
  const [text = ''] = (operation.name === 'images.build' && query.get('labels')) || []
  return text === '' ? [] : labelsOf(objectOf(JSON.parse(text) as Json), 'labels')
}

/** Instructions for an image, which only dockerd parses. */
function reasonsOfChanges({ query }: ReadRequest): readonly Reason[] {
  const got = changesFault(query.get('changes') ?? [])
  return got === undefined ? [] : [{ code: 'LABEL_REFUSED', where: 'changes', got }]
}

function reasonsOfPlatform(read: ReadRequest, asking: Asking): readonly Reason[] {
  const image = sourceOf(read.operation.name, '', read.body)
  if (image?.kind !== 'image' || !namesOtherPlatform(read, 'platform', [asking.facts.get(image)], asking)) return []
  const got = 'the rule limits labels, and those of images for other platforms are not seen'
  return [{ code: 'LABEL_REFUSED', where: 'platform', got }]
}

/** Containers of which nobody sees the labels beforehand. */
function unseenLabels({ operation: { name }, query }: ReadRequest): Reason | undefined {
  const only = 'Only allow.operations can allow it'
  if (name === 'services.create' || name === 'services.update') {
    const got = `the rule limits labels, and those of the image, which nodes pull, are not seen. ${only}`
    return { code: 'LABEL_REFUSED', where: 'TaskTemplate.ContainerSpec.Image', got }
  }
  // Without BuildKit, each step is a container of dockerd's, with the labels of the Dockerfile.
  if (name !== 'images.build' || query.get('version')?.[0] === '2') return undefined
  const got = `the rule limits labels, and those of the steps are not seen. Build with BuildKit. ${only} otherwise`
  return { code: 'LABEL_REFUSED', where: 'version', got }
}

/**
 * A container has the labels of its image. Another one may have the name of the image before the container is created, so they are
 * judged once more before the container starts.
 */
function reasonsOfSource(
  { operation, parameters, body }: ReadRequest,
  { rule, facts, need }: Asking,
): readonly Reason[] {
  const source = sourceOf(operation.name, parameters['id'] ?? '', body)
  if (source === undefined) return []
  const fact = facts.get(source)
  if (fact === undefined) need(source)
  const where = PLACES[source.kind] ?? 'the path'
  return labelsOf(inspectedLabels(source.kind, fact ?? null), where)
    .flatMap((one) => reasonsOfLabel(one, rule))
    .map((reason) => ({ ...reason, got: `the ${source.kind} ${source.name} has labels: ${reason.got}` }))
}

/** Where a request names what has the labels. */
const PLACES: Partial<Record<Need['kind'], string>> = { image: 'Image', network: 'ConfigFrom.Network' }

function sourceOf(operation: string, id: string, body: Json | undefined): Need | undefined {
  if (operation === 'containers.start' || operation === 'containers.restart') return { kind: 'container', name: id }
  const fields = objectOf(body)
  // A network gets all that its template has, also the labels.
  const template = operation === 'networks.create' ? textOf(objectOf(fields['ConfigFrom'])['Network']) : ''
  if (template !== '') return { kind: 'network', name: template }
  const image = operation === 'containers.create' ? textOf(fields['Image']) : ''
  return image === '' ? undefined : { kind: 'image', name: image }
}
