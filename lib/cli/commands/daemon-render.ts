import { SELF, sentence } from '../../base/sentence.ts'
import { enumerate, printable } from '../../base/text.ts'
import { warningTexts } from '../../base/warning.ts'
import type { Command } from 'commander'
import { join, resolve } from 'node:path'
import { readIfThere } from '../../base/files.ts'
import type { RenderOptions, RenderReport } from '../../daemon-config/render-files.ts'
import type { CommandSpec, Context } from '../command.ts'
import {
  addDaemonOptions,
  addFormOptions,
  addFrom,
  addJson,
  addPodman,
  once,
  strayRemap,
} from '../command-line/options.ts'
import { serverFolder } from '../inputs/server-folder.ts'
import { oldFiles, summaryText } from '../reports/summary.ts'

interface RenderFlags {
  readonly systemd?: true
  readonly daemonJson?: true
  readonly withoutSystemd?: true
  readonly podman?: true
  readonly from?: string
  readonly listen?: string
  readonly tlsdir?: string
  readonly usernsRemap?: string | false
  readonly unit?: string
  readonly merge?: string
  readonly write?: string
  readonly force?: true
  readonly json?: true
}

async function runRender(flags: RenderFlags, context: Context): Promise<void> {
  if (flags.podman === true) return renderForPodman(flags, context)
  const { renderDaemon } = await import('../../daemon-config/render-files.ts')
  const { readOverrideOfInit } = await import('../../apply/server-folder.ts')
  const folder = await serverFolder(flags.from, context)
  const override = folder === undefined ? undefined : await readOverrideOfInit(folder)
  const report = await renderDaemon({ ...optionsOf(flags, context), override })
  if (folder !== undefined && override !== undefined) sayFolder(folder, flags, context)
  const { files, text } =
    flags.write === undefined
      ? { files: report.files, text: renderedText(report) }
      : await write(report, flags.write, flags, context)
  sayOrigin(report, flags, context)
  const data = { files, unit: report.unit, warnings: warningTexts(report.warnings) }
  context.answer({ data, text, warnings: report.warnings.map((warning) => warning.text) }, flags)
}

/** The unit of Podman, with what `init --podman` chose where no option sets another value. */
async function renderForPodman(flags: RenderFlags, context: Context): Promise<void> {
  const { checkPodman, PODMAN_UNIT, readPodmanUnit, renderPodmanUnit } =
    await import('../../daemon-config/podman-unit.ts')
  const { parseRequested } = await import('../../daemon-config/requested-settings.ts')
  const { installedPodman } = await import('../inputs/podman.ts')
  checkPodman((await installedPodman(context.io.env)) ?? '')
  const folder = await serverFolder(flags.from, context)
  const ofInit = folder === undefined ? undefined : await readIfThere(join(folder, PODMAN_UNIT))
  const requested = parseRequested({ listen: flags.listen, tlsDir: flags.tlsdir })
  const { unit, settings } = renderPodmanUnit(requested, ofInit === undefined ? undefined : readPodmanUnit(ofInit))
  if (flags.write === undefined)
    return context.answer({ data: { files: [unit], warnings: [] }, text: unit.text, warnings: [] }, flags)
  const { writeUnits } = await import('../reports/units.ts')
  const { podmanSteps } = await import('../reports/next-steps.ts')
  await writeUnits([unit], { ...flags, write: flags.write, steps: podmanSteps(settings), warnings: [] }, context)
}

async function write(
  { files }: RenderReport,
  path: string,
  { force, withoutSystemd }: RenderFlags,
  context: Context,
): Promise<{ files: readonly object[]; text: string }> {
  const { writeRendered } = await import('../../base/rendered-file.ts')
  const written = await writeRendered(files, path, force === true)
  const summaries = written.map((file, index) => {
    const place =
      withoutSystemd === true
        ? `start dockerd with it:  dockerd --config-file ${printable(file.path)}`
        : `copy it to ${files[index]?.place ?? ''} on the server`
    return summaryText({ action: file.action, path: file.path, about: [place, ...oldFiles(file.keptAside)] }, context)
  })
  const done = written.map((file, index) => ({ ...files[index], ...file, path: resolve(file.path) }))
  return { files: done, text: `${summaries.join('\n')}\n` }
}

function optionsOf(
  { daemonJson, withoutSystemd, listen, tlsdir, usernsRemap, unit, merge }: RenderFlags,
  { io }: Context,
): RenderOptions {
  const form = daemonJson === true ? 'daemon-json' : 'systemd'
  return { form, withoutSystemd, listen, tlsDir: tlsdir, usernsRemap, unit, daemonJson: merge, root: io.root }
}

/** Not needed if --unit named it. */
function sayOrigin({ unit }: RenderReport, flags: RenderFlags, { say }: Context): void {
  if (flags.unit !== undefined) return
  if (unit.length > 0) say(`The dockerd command line is from ${enumerate(unit)}.`)
}

/** Not needed if options set everything that `init` chose. */
function sayFolder(folder: string, { listen, tlsdir }: RenderFlags, { say }: Context): void {
  if (listen !== undefined && tlsdir !== undefined) return
  say(`What no option sets is as init chose it, in ${printable(join(folder, 'override.conf'))}.`)
}

/** One file as it is, two in the format of systemctl cat. */
function renderedText({ files }: RenderReport): string {
  const [first, second] = files
  if (first !== undefined && second === undefined) return first.text
  return files.map(({ place, text }) => `# ${place}\n${text}`).join('\n')
}

function define(command: Command, context: Context): void {
  addFormOptions(command)
  command.addOption(
    command
      .createOption(
        '--without-systemd',
        'render only daemon.json, for a server on which you start dockerd without systemd',
      )
      .conflicts(['systemd', 'unit']),
  )
  addPodman(command, ['systemd', 'daemonJson', 'withoutSystemd', 'merge'])
  addFrom(command)
  addDaemonOptions(command)
  command
    .option(
      '--merge <file>',
      "the server's daemon.json, whose other settings are kept (default: this machine's)",
      once('--merge'),
    )
    .option(
      '--write <path>',
      'write the file; with --daemon-json or --podman, the folder for the files',
      once('--write'),
    )
    .option('--force', 'replace a file that differs; the old one is kept beside it, with a date')
  addJson(command).action((flags: RenderFlags) => runRender(flags, context))
}

export const daemonRender: CommandSpec = {
  description:
    'Renders the configuration with which dockerd listens with mutual TLS, and with nothing weaker. The path of dockerd and ' +
    'its other flags come from the unit that is installed here, or from --unit; local sockets are kept. No setting is in ' +
    "both files, because dockerd wouldn't start then.",
  examples: [
    [sentence`${SELF} daemon render`, 'print the drop-in'],
    [
      sentence`${SELF} daemon render --write \\\n    /etc/systemd/system/docker.service.d/override.conf`,
      'as root on the server; then systemctl daemon-reload and systemctl restart docker',
    ],
    [sentence`${SELF} daemon render --daemon-json --write .`, 'write both files into this folder'],
    [
      sentence`${SELF} daemon render --without-systemd --write daemon.json`,
      'for a server without systemd; there:  dockerd --config-file daemon.json',
    ],
    [
      sentence`${SELF} daemon render --without-systemd --merge second.json`,
      'for a second dockerd, whose hosts, data-root, exec-root and pidfile are in second.json',
    ],
    [sentence`${SELF} daemon render --podman --write /etc/systemd/system`, "for Podman's API, as root on the server"],
    [sentence`${SELF} daemon render --userns-remap --listen 10.0.0.4:2376`, 'with user namespaces, on one address'],
  ],
  json: '{ files: [{ name, place, text }], unit, warnings }; with --write each file has path, action and keptAside too.',
  stray: (extra, flags) => strayRemap(['daemon', 'render'], extra, flags),
  define,
}
