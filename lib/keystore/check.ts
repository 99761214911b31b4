/** Compares the files, the ledger and the keys of a folder. */
export { readInstalled, type Installed } from './installed.ts'
export { findConflicts, type LedgerConflict } from './ledger-check.ts'
export { verifyLedger, type LedgerVerification } from './ledger.ts'
export { findPairFaults, type PairFault } from './pair-faults.ts'
