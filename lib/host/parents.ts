import type { PathStep } from '../base/folder-writers.ts'
import { decodeWord } from './fact-records.ts'
import { lines } from './facts.ts'

/**
 * Reads the fact `parents:PATH`: the path and the folders above it, each as `MODE UID PATH GID`, with the path in base64. A group that
 * isn't there is NaN, which is no group's number.
 */
export function readParents(printed: string): PathStep[] {
  return lines(printed).flatMap((line) => {
    const [, mode, uid, path = '', gid] = /^([0-7]+) (\d+) (\S+)(?: (\d+))?$/.exec(line) ?? []
    if (mode === undefined) return []
    return [{ path: decodeWord(path), mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid) }]
  })
}
