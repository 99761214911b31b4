/** Where a call is when the fault comes, in order. */
export const STAGES = {
  connect: 'before TCP connects',
  handshake: 'in the TLS handshake, after the ClientHello',
  flight: "in the TLS handshake, in the middle of the server's answer",
  unread: 'after the handshake, before the request is read',
  upload: 'in the middle of what is uploaded',
  asked: 'after the request, before the answer begins',
  head: 'in the middle of the head of the answer',
  between: 'between two frames, lines or chunks, or right after the head',
  inside: 'inside a frame, line or chunk',
  idle: 'on the idle connection, before the call',
  race: 'on a used connection, just when the call is sent on it',
} as const

export type Stage = keyof typeof STAGES
export const stages = Object.keys(STAGES) as Stage[]

/** Stages of every request. */
const COMMON: ReadonlySet<Stage> = new Set(['connect', 'handshake', 'flight', 'unread', 'asked', 'head'])

export const FAULTS = {
  fin: 'the peer ends TLS (close_notify), then TCP (FIN)',
  cut: 'FIN without the end of TLS',
  rst: 'RST; before TCP connects: the port is closed',
  silence: 'the connection stays open, and nothing more comes; the call has { idleTimeout }',
  late: 'the same; the call has { timeout }',
  drop: 'all packets are dropped, and the call has no option',
} as const

export type Fault = keyof typeof FAULTS
export const faults = Object.keys(FAULTS) as Fault[]

/** Faults that don't exist at a stage, or are the same as another. */
const IMPOSSIBLE: Partial<Record<Stage, readonly Fault[]>> = {
  // The kernel accepts a connection whatever the peer does.
  connect: ['fin', 'cut', 'silence', 'late'],
  // TLS can't end before it has begun.
  handshake: ['fin'],
  flight: ['fin'],
  // As before the answer begins.
  race: ['silence', 'late', 'drop'],
}

export function isPossible(own: readonly Stage[], stage: Stage, fault: Fault): boolean {
  return (COMMON.has(stage) || own.includes(stage)) && IMPOSSIBLE[stage]?.includes(fault) !== true
}
