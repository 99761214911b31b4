import type { Json, ReadRequest } from '../request.ts'
import { filterDiskUsage, filterImages, filterInfo, filterNetworks, filterVolumes, withoutUsers } from './answers.ts'
import { withOwnerFilter } from './filters.ts'
import { first } from './image-names.ts'
import { labelledBody, labelledChanges, labelledContainer, withoutParents, withOldDiskUsage } from './labelling.ts'
import { withPlatform } from './manifests.ts'
import {
  changes,
  containerOfBody,
  filtersName,
  imagesOfContainer,
  inPath,
  oneTag,
  pushed,
  saved,
  sharedSizes,
  takesBodyName,
  takesContainerName,
  takesTag,
  type Uses,
} from './uses.ts'
import type { Facts } from '../facts.ts'

/** How an operation is kept to one owner. */
export interface OwnedOperation {
  /** What it names beside what its settings are judged by. */
  readonly uses?: readonly Uses[]
  /** What is sent instead. */
  readonly send?: (read: ReadRequest, owner: string, facts: Facts) => ReadRequest
  /** What its caller gets of the answer. */
  readonly answer?: (answer: Json, owner: string, read: ReadRequest) => Json
  /** The query parameter without which its caller gets the whole answer. */
  readonly answerWith?: string
  /** It connects the container in the path to its networks, which a container names until it is started. */
  readonly joinsNetworks?: true
  /** It has filters, to which that of the owner is added. */
  readonly isFiltered?: true
  /** It removes images, and only dockerd's own filter says which. */
  readonly removesByLabel?: true
}

/** It says nothing about things of others. */
const free: OwnedOperation = {}
const ofContainer: OwnedOperation = { uses: [inPath('container')] }
const starts: OwnedOperation = { ...ofContainer, joinsNetworks: true }
const ofExec: OwnedOperation = { uses: [inPath('exec')] }
const ofImage: OwnedOperation = { uses: [inPath('image', 'use')] }
const ofNetwork: OwnedOperation = { uses: [inPath('network')] }
const ofVolume: OwnedOperation = { uses: [inPath('volume')] }
const filtered: OwnedOperation = { isFiltered: true, send: withOwnerFilter }

/**
 * The operations that an owner may use. All others are refused: those of builds, whose steps read any image and share one
 * cache; of swarms, whose nodes have images and volumes that nobody can inspect here; and of plugins, which are everyone's.
 */
export const OWNED_OPERATIONS: Readonly<Record<string, OwnedOperation>> = {
  'containers.archive.get': ofContainer,
  'containers.archive.put': ofContainer,
  'containers.archive.stat': ofContainer,
  'containers.attach': ofContainer,
  'containers.attachWebSocket': ofContainer,
  'containers.changes': ofContainer,
  'containers.create': { uses: [takesContainerName, imagesOfContainer], send: labelledContainer },
  'containers.export': ofContainer,
  'containers.inspect': ofContainer,
  'containers.kill': ofContainer,
  'containers.list': { ...filtered, uses: [filtersName('container', 'own')] },
  'containers.logs': ofContainer,
  'containers.pause': ofContainer,
  'containers.prune': filtered,
  'containers.remove': ofContainer,
  'containers.rename': { uses: [inPath('container'), takesContainerName] },
  'containers.resize': ofContainer,
  'containers.restart': starts,
  'containers.start': starts,
  'containers.stats': ofContainer,
  'containers.stop': ofContainer,
  'containers.top': ofContainer,
  'containers.unpause': ofContainer,
  'containers.update': ofContainer,
  'containers.wait': ofContainer,
  'distribution.inspect': free,
  'exec.create': ofContainer,
  'exec.inspect': ofExec,
  'exec.resize': ofExec,
  'exec.start': ofExec,
  'images.attestations': ofImage,
  'images.commit': {
    uses: [takesTag('repo'), changes],
    send: (read, owner) => labelledChanges(labelledBody(read, owner), owner),
  },
  'images.history': ofImage,
  'images.import': { uses: [takesTag('repo'), changes], send: labelledChanges },
  'images.inspect': { ...ofImage, answer: withoutUsers, answerWith: 'manifests' },
  'images.list': { ...filtered, uses: [filtersName('image', 'use'), sharedSizes], answer: filterImages },
  'images.prune': { ...filtered, removesByLabel: true },
  'images.pull': {
    uses: [takesTag('fromImage', 'refresh'), oneTag((read) => first(read, 'fromImage'), 'fromImage')],
  },
  'images.push': { uses: [pushed], send: withPlatform(pushed) },
  'images.remove': { uses: [inPath('image')], send: withoutParents },
  'images.save': { uses: [saved], send: withPlatform(saved) },
  'images.search': free,
  'images.tag': { uses: [inPath('image'), takesTag('repo')] },
  'networks.connect': { uses: [inPath('network', 'use')] },
  'networks.create': { uses: [takesBodyName('network')], send: labelledBody },
  'networks.disconnect': { uses: [inPath('network', 'use'), containerOfBody] },
  'networks.inspect': ofNetwork,
  'networks.list': { ...filtered, answer: filterNetworks },
  'networks.prune': filtered,
  'networks.remove': ofNetwork,
  'system.auth': free,
  'system.df': { send: withOldDiskUsage, answer: filterDiskUsage },
  'system.events': filtered,
  'system.info': { answer: filterInfo },
  'system.ping': free,
  'system.pingHead': free,
  'system.version': free,
  'volumes.create': { uses: [takesBodyName('volume')], send: labelledBody },
  'volumes.inspect': ofVolume,
  'volumes.list': { ...filtered, answer: filterVolumes },
  'volumes.prune': filtered,
  'volumes.remove': ofVolume,
}
