import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { DetailedDiagnosis } from '../../audit/doctor/diagnose.ts'
import type { CommandSpec, Context } from '../command.ts'
import { addConnectOptions, connectOptions, type ConnectFlags } from '../inputs/connect.ts'
import { noteShown } from '../inputs/note-connection.ts'
import { exitCodeFor } from '../errors.ts'
import { addJson } from '../command-line/options.ts'
import { doctorText } from '../reports/doctor.ts'

interface DoctorFlags extends ConnectFlags {
  readonly json?: true
}

async function runDoctor(flags: DoctorFlags, context: Context): Promise<void> {
  const [{ diagnoseInDetail }, { plainStep }] = await Promise.all([
    import('../../audit/doctor/diagnose.ts'),
    import('../../audit/doctor/step.ts'),
  ])
  const { signal, env } = context.io
  const options = await connectOptions(flags, context)
  const diagnosis = await diagnoseInDetail({ ...options, signal }, env)
  const shown = diagnosis.connects ? shownCertificate(diagnosis) : undefined
  if (shown !== undefined) await noteShown(shown, context, options.certPath ?? env['DOCKER_CERT_PATH'])
  const data = { ...diagnosis, steps: diagnosis.steps.map(plainStep) }
  const fault = diagnosis.steps.find(({ status }) => status === 'failed')
  const exitCode = fault === undefined ? 0 : exitCodeFor(fault.code ?? '')
  context.answer({ data, text: doctorText(diagnosis, context), exitCode }, flags)
}

function shownCertificate({ steps }: DetailedDiagnosis): string | undefined {
  const facts = steps.find(({ step }) => step === 'tls')?.facts['certificate']
  return (facts as { readonly fingerprint256: string } | undefined)?.fingerprint256
}

function define(command: Command, context: Context): void {
  addConnectOptions(command)
  addJson(command).action((flags: DoctorFlags) => runDoctor(flags, context))
}

export const doctor: CommandSpec = {
  description:
    "Finds out why you can't connect to a daemon, or when you won't be able to. It checks a connection step by step, up to " +
    'the first fault, and says how to fix it. Then it looks for dangers that a working connection hides: clients without a ' +
    'certificate, any CA accepted, ports without TLS, certificates that expire soon. It takes at most one second longer than ' +
    "--timeout. Exit code 1 if you can't connect, or if somebody can who shouldn't be able to; 2 if a value is invalid.",
  examples: [
    [sentence`${SELF} doctor`, 'the daemon of DOCKER_HOST, or the local one'],
    [sentence`${SELF} doctor --host build01.example.com --cert-path ~/.docker`, 'another daemon'],
    [sentence`${SELF} doctor --host ssh://root@build01.example.com`, 'a daemon behind ssh'],
    [sentence`${SELF} doctor --json`, 'for monitoring'],
  ],
  json: '{ endpoint, connects, ok, milliseconds, steps: [{ step, status, code, facts, finding, remedy }] };\nstatus is "ok", "warning", "failed", "unknown" or "skipped"',
  stray: (extra) => sentence`Name the host with an option:  ${SELF} doctor --host ${extra}`,
  define,
}
