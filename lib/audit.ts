export { audit, type AuditOptions } from './audit/audit.ts'
export { parseBaseline, type Baseline, type BaselineFinding, type Change } from './audit/baseline.ts'
export type { ReportedCertificate } from './audit/certificates.ts'
export type { CheckFacts, CisVersion, Family, Finding, Severity, Subject } from './audit/check.ts'
export {
  diagnose,
  type Diagnosis,
  type DoctorStep,
  type Facts,
  type FindingCode,
  type StepCode,
  type StepName,
  type StepStatus,
} from './audit/diagnose.ts'
export { parseExceptions, type AuditException, type ExceptionState, type ExceptionUse } from './audit/exceptions.ts'
export { CHECK_FACTS } from './audit/facts.ts'
export { hardened, reviewCreate, type Hardened, type HardeningChange, type ReviewOptions } from './audit/hardened.ts'
export { hardenContainer, type HardenContainerOptions } from './audit/harden/harden-container.ts'
export { renderHardened, type HardenedFormat, type RenderHardenedOptions } from './audit/harden/formats/render.ts'
export type { HardenedContainer, HardeningNote } from './audit/harden/plan.ts'
export type { CopyResult } from './audit/harden/trial/run-copy.ts'
export type { HardeningNeed, HardeningTrial, TriedCopy } from './audit/harden/trial/trial.ts'
export { tryHardened, type TryHardenedOptions } from './audit/harden/try-hardened.ts'
export type { AuditResult, FailedAudit, RenderOptions } from './audit/formats/model.ts'
export { renderReport } from './audit/formats/render.ts'
export type { Profile, ReportFormat } from './audit/names.ts'
export { failuresOf, type AuditReport, type EvaluateOptions, type ReportedFinding } from './audit/report.ts'
export type { Selection } from './audit/select.ts'
export type { CollectOptions } from './audit/snapshot/collect.ts'
export type { HostFiles } from './audit/snapshot/host/collect-host.ts'
export { auditSnapshot, collectSnapshot, parseSnapshot, type AuditSnapshot } from './audit/snapshot/opaque.ts'
export type { Unread } from './audit/snapshot/unread.ts'
export type { Status, Verdict } from './audit/verdict.ts'
export { ArgumentError, AuditError, DockerMtlsError, isDockerMtlsError } from './base/errors.ts'
export type { ArgumentErrorCode, AuditErrorCode, ErrorCode } from './base/errors.ts'
export type { EndpointOptions } from './endpoint/options.ts'
export type { Environment } from './endpoint/environment.ts'
