import type { DoctorStep, Status } from 'docker-mtls/audit'
import type { Target } from './stage/target.ts'

/** Daemons that were set up wrongly, as many are. */
export const SETUPS = ['plain', 'tls-only', 'naive', 'system-cas'] as const

/** One of {@link SETUPS}. */
export type Setup = (typeof SETUPS)[number]

/** A check of the audit that tells of the wrong set-up, and its result for ours. */
export interface AuditSign {
  /** Its id. */
  readonly check: string
  /** @defaultValue `fail` */
  readonly wrong?: 'warn'
  /** `absent`: nothing is left to check, because the attack was stopped. */
  readonly ours: Status | 'absent'
}

/** A step of doctor that fails during the attack, and its result for ours. */
export interface DoctorSign {
  readonly step: DoctorStep['step']
  readonly ours: DoctorStep['status']
  /** Runs doctor: for the attacker of the wrong set-up, and for our daemon. */
  readonly look: (target: Target) => Promise<string>
}

/** An attack: its facts, and one function. */
export interface Attack {
  /** Also the name of its container. */
  readonly id: string
  /** What happens: `A web page deletes containers`. */
  readonly title: string
  /** Who can do it. */
  readonly attacker: string
  /** Which daemon is used. */
  readonly setup: Setup
  /** When it works: `dockerd listens on TCP without TLS`. */
  readonly wrong: string
  /** How the attack works, and what makes it possible. */
  readonly how: string
  /**
   * Attacks. A target can't be named: it is a daemon that this demonstration has started, in namespaces.
   *
   * @returns what was won
   * @throws {@link Refusal} if something stopped it
   */
  readonly attempt: (target: Target) => Promise<string>
  /** What the daemon or the client says when it stops the attack. Undefined: nothing stops it. */
  readonly refusal?: RegExp
  /** What stops it, in a few words. */
  readonly stoppedBy: string
  /** How that stops it. */
  readonly defence: string
  /** What is not stopped, and what to do about that. */
  readonly remains?: string
  /** The checks that tell. */
  readonly signs: readonly (AuditSign | DoctorSign)[]
}

/** Something stopped an attack. Every other error is a fault of the demonstration. */
export class Refusal extends Error {}
