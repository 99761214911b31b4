import { ours, sentence, type Sentence } from '../../base/sentence.ts'
import type { Installed, LedgerConflict, LedgerVerification, PairFault } from '../../keystore/check.ts'

/** What doesn't fit together in a folder. */
export interface Conflicts {
  /** For programs. */
  readonly found: readonly LedgerConflict[]
  /** What the chain of the ledger says. */
  readonly ledger: LedgerVerification
  /** For people, each with a remedy if there is one. */
  readonly warnings: readonly Sentence[]
  /** Must the command fail, whatever it was asked? */
  readonly isFatal: boolean
}

/** Compares files, ledger and keys of a folder, whose certificates were read. */
export async function readConflicts(dir: string, installed: readonly Installed[]): Promise<Conflicts> {
  const { findConflicts, findPairFaults, verifyLedger } = await import('../../keystore/check.ts')
  const { caPaths } = await import('../../keystore/layout.ts')
  const path = caPaths(dir).ledger
  const conflicts = await findConflicts(dir, installed)
  const faults = await findPairFaults(dir)
  const ledger = await verifyLedger(path)
  return {
    found: [...conflicts, ...faults.map(({ cert, got }) => ({ path: cert, kind: 'key', got }) as const)],
    ledger,
    warnings: [
      ...conflicts.map((one) => conflictWarning(one, dir)),
      ...ledger.faults.map(({ got }) => ledgerWarning(path, got, dir)),
      ...faults.map(pairWarning),
    ],
    isFatal: faults.length > 0,
  }
}

function conflictWarning({ path, kind, got }: LedgerConflict, dir: string): Sentence {
  const adopt = kind === 'unknown' ? sentence`. If the file is right:  ${ours('cert', 'adopt', '--dir', dir)}` : ''
  return sentence`${path} disagrees with the ledger: ${got}${adopt}`
}

function ledgerWarning(path: string, got: string, dir: string): Sentence {
  const accept = ours('cert', 'adopt', '--accept-changes', '--dir', dir)
  return sentence`${path} is not as it was written: ${got}. Restore it and ledger-heads.jsonl from a backup. If it is right as it is:  ${accept}`
}

function pairWarning({ got, todo }: PairFault): Sentence {
  return sentence`${got}. ${todo}`
}
