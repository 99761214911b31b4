import { join } from 'node:path'
import type { InitOptions, InitReport } from '../../keystore/init/init.ts'
import type { Context } from '../command.ts'
import { exportStep, testStep } from './client-steps.ts'
import { PODMAN_UNIT } from '../../daemon-config/podman-unit.ts'
import { isLoopback, readListener } from '../../daemon-config/listener-target.ts'
import { option, sentence } from '../../base/sentence.ts'
import { enumerate } from '../../base/text.ts'
import { wrap } from '../../base/wrap.ts'
import { selfOf } from '../terminal/self.ts'
import { shellWord } from '../../base/quoting/posix.ts'

const DROP_IN = '/etc/systemd/system/docker.service.d/override.conf'

/** The next steps on each machine, as commands to copy. */
export function nextSteps(report: InitReport, options: InitOptions, context: Context): string {
  const { folder } = options
  const server =
    options.podman === true
      ? [podmanBlock(report, options, context)]
      : [applySteps(report, options, context), handSteps(report, options, context)]
  const blocks = [...server, clientSteps(report, folder, context), keepSafe(folder, context)]
  return blocks.filter((block) => block !== '').join('\n\n')
}

function heading(text: string, { paint, width }: Context): string {
  return paint('bold', wrap(text, width))
}

function commands(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n')
}

function podmanBlock({ daemon }: InitReport, { folder }: InitOptions, context: Context): string {
  const unit = `install -m 0644 ${PODMAN_UNIT} /etc/systemd/system/`
  return [
    heading(`On the server, as root, in a copy of ${join(folder, 'server')}:`, context),
    commands([unit, ...podmanSteps(daemon)]),
  ].join('\n')
}

/** What root does once Podman's unit is in its place. */
export function podmanSteps({ tlsDir = '' }: InitReport['daemon']): string[] {
  const start = ['daemon-reload', `enable ${PODMAN_UNIT}`, `restart ${PODMAN_UNIT}`].map((step) => `systemctl ${step}`)
  return [...installFiles(shellWord(tlsDir)), ...start]
}

function applySteps({ probe }: InitReport, { folder }: InitOptions, context: Context): string {
  const command = `${selfOf(context.io.env)} daemon apply`
  const untested =
    'This tests no client certificate; the ping below does. To test one on the server, run init with  --probe , which creates a one-day client certificate.'
  return [
    heading(`On the server, as root, in ${join(folder, 'server')} or a copy of it:`, context),
    commands([probe === undefined ? `${command} --no-client-proof` : command]),
    wrap(
      'It shows the changes and asks. It verifies with real connections that nobody else gets in, and rolls back if anything fails.',
      context.width,
    ),
    ...(probe === undefined ? [wrap(untested, context.width)] : []),
  ].join('\n')
}

function handSteps(
  { daemon: { tlsDir, usernsRemap }, override }: InitReport,
  { unit }: InitOptions,
  context: Context,
): string {
  const lines = [
    ...(tlsDir === undefined ? [] : installFiles(shellWord(tlsDir))),
    `install -D -m 0644 override.conf \\`,
    `  ${DROP_IN}`,
    'systemctl daemon-reload',
    'systemctl restart docker',
  ]
  const own = `Copy the server's files to the paths that the drop-in names, the key with mode 0600.`
  const note =
    'Existing containers and images are hidden while user namespaces are on. dockerd keeps them for when you turn user ' +
    'namespaces off again.'
  return [
    heading('Or by hand, if the server has no Node.js:', context),
    ...(tlsDir === undefined ? [wrap(own, context.width)] : []),
    ...(unit === undefined && override.action !== 'kept' ? [wrap(COMPARE, context.width)] : []),
    commands(lines),
    ...(usernsRemap === undefined ? [] : [wrap(note, context.width)]),
  ].join('\n')
}

const COMPARE =
  'If the server is another machine, compare ExecStart= in override.conf with  systemctl cat docker  there.'

function installFiles(tlsDir: string): string[] {
  return [
    `install -d -m 0700 ${tlsDir}`,
    `install -m 0644 ca.pem server-cert.pem ${tlsDir}/`,
    `install -m 0600 server-key.pem ${tlsDir}/`,
  ]
}

function clientSteps(
  { clients: [client], host, daemon: { listen } }: InitReport,
  dir: string,
  context: Context,
): string {
  if (client === undefined) return ''
  const { name, paths } = client
  const here = { name, folder: paths.folder, dir, hasEnv: true }
  const onlyThere = listen.length > 0 && listen.every((listener) => isLoopback(readListener(listener).host))
  if (onlyThere) return [testStep(here, context), '', wrap(unreachable(listen, context), context.width)].join('\n')
  const self = selfOf(context.io.env)
  const place = placeOf(host)
  return [
    testStep(here, context),
    '',
    exportStep(here, context),
    heading(
      "and there, with that file (in a folder of its own, since ~/.docker may have another daemon's files):",
      context,
    ),
    commands([
      `mkdir -m 0700 -p ~/.docker/${place}`,
      `tar -xf ${name}.tar -C ~/.docker/${place}`,
      `eval "$(${self} client env --host ${shellWord(host)} \\`,
      `  --cert-path "$HOME/.docker/${place}")"`,
      `${self} ping`,
      'docker version',
    ]),
  ].join('\n')
}

function unreachable(listen: readonly string[], { typed }: Context): string {
  const wider = option('listen', "'0.0.0.0:2376'")
  return typed(
    sentence`No other machine can connect, because dockerd listens only on ${enumerate(listen)}. To let in clients on other machines, run init again with the same options and  ${wider} ${option('force', 'true')} .`,
  )
}

/** The server's name, as that of a folder. */
function placeOf(host: string): string {
  return new URL(host).hostname.replaceAll(/[[\]]/g, '').replaceAll(':', '-')
}

function keepSafe(folder: string, { width }: Context): string {
  const text = `Keep ${join(folder, 'ca')} secret and off the server: anyone with the CA key can become root there.`
  return wrap(text, width)
}
