import { CONTAINERD } from './containerd.ts'
import { ENGINE } from './engine.ts'
import { OTHER } from './other.ts'
import { RUNC } from './runc.ts'
import type { Vulnerability } from './vulnerability.ts'

/** The day on which the table was last compared with its sources. Correct it with every change of the table. */
export const TABLE_DATE = '2026-11-26'

/**
 * Vulnerabilities that the versions in the API reveal. Those that were fixed before Docker Engine 19.03 are absent: it is the
 * oldest with API 1.40, and docker-mtls connects to no older one.
 */
export const VULNERABILITIES: readonly Vulnerability[] = [...ENGINE, ...CONTAINERD, ...RUNC, ...OTHER]
