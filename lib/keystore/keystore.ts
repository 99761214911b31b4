/**
 * The face of the room: the folder with a CA, its ledger, and the certificates that it issued. Where the files are is in
 * layout.ts; what a command does with the folder is in init/, renew/, rotate/ and client/.
 */
export { PkiFolder } from './folder.ts'
export type { FolderLeafOptions, FolderServerOptions } from './folder-options.ts'
export type { FolderAuthorityOptions, FolderAuthorityResult } from './ca.ts'
export type { FolderLeafResult } from './ensure-leaf.ts'
export type { FolderSignOptions, FolderSignResult } from './sign-client.ts'
export { isKeyElsewhere, requestAgain } from './key-held.ts'
export type { LedgerEntry } from './ledger-line.ts'
export { adoptCertificates, type Adopted } from './adopt.ts'
export { checkLedger } from './ledger-check.ts'
export type { ListedCertificate } from './installed.ts'
export { clientNames, serverPlaces, type ClientFiles } from './list.ts'
export { refuseOtherServer } from './other-server.ts'
export { planServerRemoval, removeServer, type ServerRemoval } from './remove-server.ts'
export { revocationsByFingerprint } from './revoked.ts'
export { isFromCurrentCa, readRotatedCas, refuseRotation } from './rotate/cas.ts'
export type { RotatedAuthority, RotationPhase } from './rotate/state.ts'
