import type { Verdict } from './verdict.ts'
import { BUILDKIT } from './verdicts/buildkit.ts'
import { CONTAINERD } from './verdicts/containerd.ts'
import { ENGINE } from './verdicts/engine.ts'
import { GO } from './verdicts/go.ts'
import { OTHER } from './verdicts/other.ts'
import { RUNC } from './verdicts/runc.ts'

/** What we say about each advisory, in the order of the checks. */
export const VERDICTS: readonly Verdict[] = [...ENGINE, ...BUILDKIT, ...CONTAINERD, ...RUNC, ...GO, ...OTHER]
